import { Mnemonic } from 'iced-x86';
import type { Lifter } from '../lifter.js';
import { OP } from '../micro-ops.js';
import type { Row } from '../row.js';
import { add, everyLane, packed, type QuadwordOperation, spreadTops, subtract, tops } from './vector-lanes.js';
import { readPair, vectorRow, writePair } from './vector-pair.js';

/** The highest bit of every lane as its lowest bit, the others 0. */
function signs(l: Lifter, quadword: number, width: number): number {
  return l.compute(OP.And, l.compute(OP.Shr, quadword, l.constant(width - 1)), everyLane(l, 1n, width));
}

/** The bits of `chosen` where `mask` is set, else those of `other`. */
function select(l: Lifter, mask: number, chosen: number, other: number): number {
  return l.compute(OP.Or, l.compute(OP.And, chosen, mask), l.compute(OP.AndNot, mask, other));
}

/** The greatest signed number of this width in the lanes (which may be wider) of a positive quadword, the least one in the others. */
function signedLimits(l: Lifter, quadword: number, laneWidth: number, width: number): number {
  const greatest = everyLane(l, (1n << BigInt(width - 1)) - 1n, laneWidth);
  return l.compute(OP.Add, greatest, signs(l, quadword, laneWidth));
}

/** Sums; where a lane overflows, both operands have the sign that the sum lacks. */
function addSigned(l: Lifter, a: number, b: number, width: number): number {
  const sum = add(l, a, b, width);
  const overflows = l.compute(OP.And, l.compute(OP.Xor, a, sum), l.compute(OP.Xor, b, sum));
  return select(l, spreadTops(l, overflows, width), signedLimits(l, a, width, width), sum);
}

function subtractSigned(l: Lifter, a: number, b: number, width: number): number {
  const difference = subtract(l, a, b, width);
  const overflows = l.compute(OP.And, l.compute(OP.Xor, a, b), l.compute(OP.Xor, a, difference));
  return select(l, spreadTops(l, overflows, width), signedLimits(l, a, width, width), difference);
}

function addUnsigned(l: Lifter, a: number, b: number, width: number): number {
  const sum = add(l, a, b, width);
  const carries = l.compute(OP.Or, l.compute(OP.And, a, b), l.compute(OP.AndNot, sum, l.compute(OP.Or, a, b)));
  return l.compute(OP.Or, sum, spreadTops(l, carries, width));
}

/** Differences, 0 where b is greater. */
export function subtractUnsigned(l: Lifter, a: number, b: number, width: number): number {
  const difference = subtract(l, a, b, width);
  const bOnly = l.compute(OP.AndNot, a, b);
  const bOrNotA = l.compute(OP.Not, l.compute(OP.AndNot, b, a));
  const borrows = l.compute(OP.Or, bOnly, l.compute(OP.And, bOrNotA, difference));
  return l.compute(OP.AndNot, spreadTops(l, borrows, width), difference);
}

/** All bits of the lanes whose upper half is not zero. */
function exceeding(l: Lifter, quadword: number, width: number): number {
  const half = width / 2;
  const upper = l.compute(
    OP.And,
    l.compute(OP.Shr, quadword, l.constant(half)),
    everyLane(l, (1n << BigInt(half)) - 1n, width),
  );
  // Anything but zero reaches the highest bit, and nothing reaches the next lane.
  return spreadTops(l, l.compute(OP.Add, upper, l.compute(OP.Not, tops(l, width))), width);
}

/** Signed lanes as signed numbers of half the width: in the lower halves, what the upper ones hold does not matter. */
function clampSigned(l: Lifter, quadword: number, width: number): number {
  const half = width / 2;
  // Moved by half of the range, what fits is a number without an upper half.
  const moved = add(l, quadword, everyLane(l, 1n << BigInt(half - 1), width), width);
  return select(l, exceeding(l, moved, width), signedLimits(l, quadword, width, half), quadword);
}

/** Signed lanes as unsigned numbers of half the width. */
function clampUnsigned(l: Lifter, quadword: number, width: number): number {
  const positive = l.compute(OP.AndNot, signs(l, quadword, width), everyLane(l, 1n, width));
  const limits = l.compute(OP.Mul, positive, l.constant64((1n << BigInt(width / 2)) - 1n));
  return select(l, exceeding(l, quadword, width), limits, quadword);
}

/** The lower halves of all lanes side by side, 32 bits. */
function narrow(l: Lifter, quadword: number, width: number): number {
  let value = quadword;
  for (let half = width / 2; half < 32; half *= 2) {
    value = l.compute(OP.And, value, everyLane(l, (1n << BigInt(half)) - 1n, 2 * half));
    value = l.compute(OP.Or, value, l.compute(OP.Shr, value, l.constant(half)));
  }
  return l.compute(OP.Zx32, value);
}

/** PACK: the lanes of operand 0, then those of operand 1, each with half the width. */
function pack(mnemonic: Mnemonic, clamp: typeof clampSigned, width: number): Row {
  return vectorRow(mnemonic, (l) => {
    const halves = (quadword: number): number => l.enclosed(() => narrow(l, clamp(l, quadword, width), width));
    const [low, high] = [readPair(l, 0), readPair(l, 1)].map((pair) => {
      const lower = halves(pair.low);
      return l.compute(OP.Or, lower, l.compute(OP.Shl, halves(pair.high), l.constant(32)));
    });
    writePair(l, 0, { low, high });
  });
}

function saturating(mnemonic: Mnemonic, operation: typeof addSigned, width: number): Row {
  const enclosed: QuadwordOperation = (l, a, b) => l.enclosed(() => operation(l, a, b, width));
  return packed(mnemonic, enclosed);
}

/** Sums and differences that stop at the greatest and the least number, and narrowing moves that do (SSE2). */
export const VECTOR_SATURATION_ROWS: readonly Row[] = [
  saturating(Mnemonic.Paddsb, addSigned, 8),
  saturating(Mnemonic.Paddsw, addSigned, 16),
  saturating(Mnemonic.Paddusb, addUnsigned, 8),
  saturating(Mnemonic.Paddusw, addUnsigned, 16),
  saturating(Mnemonic.Psubsb, subtractSigned, 8),
  saturating(Mnemonic.Psubsw, subtractSigned, 16),
  saturating(Mnemonic.Psubusb, subtractUnsigned, 8),
  saturating(Mnemonic.Psubusw, subtractUnsigned, 16),
  pack(Mnemonic.Packsswb, clampSigned, 16),
  pack(Mnemonic.Packssdw, clampSigned, 32),
  pack(Mnemonic.Packuswb, clampUnsigned, 16),
];

import { Mnemonic } from 'iced-x86';
import type { Lifter } from '../lifter.js';
import { OP } from '../micro-ops.js';
import type { Row } from '../row.js';
import { add, everyLane, packed, spreadTops, subtract, tops } from './vector-lanes.js';
import { type Pair, readPair, vectorRow, writePair } from './vector-pair.js';

function logic(mnemonic: Mnemonic, op: number): Row {
  return vectorRow(mnemonic, (l) => {
    const b = readPair(l, 1);
    const d = l.xmm(0);
    l.emit(op, d, d, b.low);
    l.emit(op, d + 1, d + 1, b.high);
  });
}

function equal(l: Lifter, a: number, b: number, width: number): number {
  const top = tops(l, width);
  const differing = l.compute(OP.Xor, a, b);
  // The highest bit of the sum is set if one of the lower bits differs.
  const below = l.compute(OP.Add, l.compute(OP.AndNot, top, differing), l.compute(OP.Not, top));
  return spreadTops(l, l.compute(OP.Not, l.compute(OP.Or, below, differing)), width);
}

/** a > b, signed: b - a borrows, after the signs have changed places. */
function greater(l: Lifter, a: number, b: number, width: number): number {
  const difference = subtract(l, b, a, width);
  const bOnly = l.compute(OP.AndNot, a, b);
  const bOrNotA = l.compute(OP.Not, l.compute(OP.AndNot, b, a));
  return spreadTops(l, l.compute(OP.Or, bOnly, l.compute(OP.And, bOrNotA, difference)), width);
}

/** The bits that a shift by `count` leaves in a lane, as a slot. */
function shiftMask(l: Lifter, op: number, count: number, width: number): number {
  const all = l.constant64((1n << BigInt(width)) - 1n);
  const lane = l.compute(OP.And, l.compute(op, all, count), all);
  return l.compute(OP.Mul, lane, everyLane(l, 1n, width));
}

/** PSLL and PSRL: the count, an immediate byte or a quadword, may be anything; from the width on the result is zero. */
function shiftLogical(mnemonic: Mnemonic, op: number, width: number): Row {
  return vectorRow(mnemonic, (l) => {
    const a = readPair(l, 0);
    const count = countOf(l);
    const beyond = l.compute(OP.Shr, count, l.constant(Math.log2(width)));
    const mask = l.compute(OP.SelectZero, shiftMask(l, op, count, width), l.constant(0), beyond);
    const shifted = (quadword: number): number => l.compute(OP.And, l.compute(op, quadword, count), mask);
    const low = shifted(a.low);
    writePair(l, 0, { low, high: shifted(a.high) });
  });
}

/** PSRA: from the width on every bit is the sign. */
function shiftArithmetic(mnemonic: Mnemonic, width: number): Row {
  return vectorRow(mnemonic, (l) => {
    const a = readPair(l, 0);
    const asked = countOf(l);
    const beyond = l.compute(OP.Shr, asked, l.constant(Math.log2(width)));
    const count = l.compute(OP.SelectZero, asked, l.constant(width - 1), beyond);
    const kept = shiftMask(l, OP.Shr, count, width);
    const shifted = (quadword: number): number => {
      const value = l.compute(OP.And, l.compute(OP.Shr, quadword, count), kept);
      const signs = l.compute(OP.AndNot, kept, spreadTops(l, quadword, width));
      return l.compute(OP.Or, value, signs);
    };
    const low = shifted(a.low);
    writePair(l, 0, { low, high: shifted(a.high) });
  });
}

function countOf(l: Lifter): number {
  if (l.isRegister(1) || l.isMemory(1)) return readPair(l, 1).low;
  return l.constant(l.instruction.immediate8);
}

/** PSLLDQ and PSRLDQ: by bytes across the whole register. */
function shiftBytes(mnemonic: Mnemonic, toLeft: boolean): Row {
  return vectorRow(mnemonic, (l) => {
    const a = readPair(l, 0);
    const bits = 8 * Math.min(l.instruction.immediate8, 16);
    const result = toLeft ? shiftWhole(l, { low: a.high, high: a.low }, bits, OP.Shl, OP.Shr) : undefined;
    if (result !== undefined) writePair(l, 0, { low: result.high, high: result.low });
    else writePair(l, 0, shiftWhole(l, a, bits, OP.Shr, OP.Shl));
  });
}

/** Shifts from the quadword `high` towards `low` by 0 to 128 bits: `away` moves within a quadword, `back` the other way. */
function shiftWhole(l: Lifter, { low, high }: Pair, bits: number, away: number, back: number): Pair {
  const zero = l.constant(0);
  if (bits === 0) return { low: l.compute(OP.Mov, low), high: l.compute(OP.Mov, high) };
  if (bits >= 128) return { low: zero, high: zero };
  if (bits >= 64) return { low: l.compute(away, high, l.constant(bits - 64)), high: zero };
  const carried = l.compute(back, high, l.constant(64 - bits));
  const merged = l.compute(OP.Or, l.compute(away, low, l.constant(bits)), carried);
  return { low: merged, high: l.compute(away, high, l.constant(bits)) };
}

const lanes = (mnemonic: Mnemonic, operation: typeof add, width: number): Row =>
  packed(mnemonic, (l, a, b) => operation(l, a, b, width));

/** Logic, sums, differences, comparisons and shifts of packed integers (SSE2). */
export const VECTOR_INTEGER_ROWS: readonly Row[] = [
  logic(Mnemonic.Pxor, OP.Xor),
  logic(Mnemonic.Xorps, OP.Xor),
  logic(Mnemonic.Xorpd, OP.Xor),
  logic(Mnemonic.Pand, OP.And),
  logic(Mnemonic.Andps, OP.And),
  logic(Mnemonic.Andpd, OP.And),
  logic(Mnemonic.Por, OP.Or),
  logic(Mnemonic.Orps, OP.Or),
  logic(Mnemonic.Orpd, OP.Or),
  logic(Mnemonic.Pandn, OP.AndNot),
  logic(Mnemonic.Andnps, OP.AndNot),
  logic(Mnemonic.Andnpd, OP.AndNot),
  lanes(Mnemonic.Paddb, add, 8),
  lanes(Mnemonic.Paddw, add, 16),
  lanes(Mnemonic.Paddd, add, 32),
  lanes(Mnemonic.Paddq, add, 64),
  lanes(Mnemonic.Psubb, subtract, 8),
  lanes(Mnemonic.Psubw, subtract, 16),
  lanes(Mnemonic.Psubd, subtract, 32),
  lanes(Mnemonic.Psubq, subtract, 64),
  lanes(Mnemonic.Pcmpeqb, equal, 8),
  lanes(Mnemonic.Pcmpeqw, equal, 16),
  lanes(Mnemonic.Pcmpeqd, equal, 32),
  lanes(Mnemonic.Pcmpgtb, greater, 8),
  lanes(Mnemonic.Pcmpgtw, greater, 16),
  lanes(Mnemonic.Pcmpgtd, greater, 32),
  shiftLogical(Mnemonic.Psllw, OP.Shl, 16),
  shiftLogical(Mnemonic.Pslld, OP.Shl, 32),
  shiftLogical(Mnemonic.Psllq, OP.Shl, 64),
  shiftLogical(Mnemonic.Psrlw, OP.Shr, 16),
  shiftLogical(Mnemonic.Psrld, OP.Shr, 32),
  shiftLogical(Mnemonic.Psrlq, OP.Shr, 64),
  shiftArithmetic(Mnemonic.Psraw, 16),
  shiftArithmetic(Mnemonic.Psrad, 32),
  shiftBytes(Mnemonic.Pslldq, true),
  shiftBytes(Mnemonic.Psrldq, false),
];

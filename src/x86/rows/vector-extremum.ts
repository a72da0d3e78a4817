import { Mnemonic } from 'iced-x86';
import type { Lifter } from '../lifter.js';
import { OP } from '../micro-ops.js';
import type { Row } from '../row.js';
import { everyLane, packed, tops } from './vector-lanes.js';
import { subtractUnsigned } from './vector-saturation.js';

/** What the saturated difference leaves of a is the lesser one: no lane borrows. */
function lesser(l: Lifter, a: number, b: number, width: number): number {
  return l.compute(OP.Sub, a, subtractUnsigned(l, a, b, width));
}

/** What the saturated difference makes of b is the greater one: no lane carries. */
function greater(l: Lifter, a: number, b: number, width: number): number {
  return l.compute(OP.Add, b, subtractUnsigned(l, a, b, width));
}

/** The same of signed lanes, which are in the order of unsigned ones once their highest bits are flipped. */
function signed(operation: typeof lesser): typeof lesser {
  return (l, a, b, width) => {
    const top = tops(l, width);
    const flipped = operation(l, l.compute(OP.Xor, a, top), l.compute(OP.Xor, b, top), width);
    return l.compute(OP.Xor, flipped, top);
  };
}

/** Half of a + b + 1: the bits of either one, less half of those that only one has. */
function average(l: Lifter, a: number, b: number, width: number): number {
  const differing = l.compute(OP.Shr, l.compute(OP.Xor, a, b), l.constant(1));
  return l.compute(OP.Sub, l.compute(OP.Or, a, b), l.compute(OP.AndNot, tops(l, width), differing));
}

/** The sum of the eight distances between bytes, in a quadword. */
function sumOfDistances(l: Lifter, a: number, b: number): number {
  const distances = l.compute(OP.Or, subtractUnsigned(l, a, b, 8), subtractUnsigned(l, b, a, 8));
  const bytes = everyLane(l, 0xffn, 16);
  const odd = l.compute(OP.And, l.compute(OP.Shr, distances, l.constant(8)), bytes);
  const words = l.compute(OP.Add, l.compute(OP.And, distances, bytes), odd);
  // The product's highest word is the sum of all four, which stays below 2041.
  return l.compute(OP.Shr, l.compute(OP.Mul, words, everyLane(l, 1n, 16)), l.constant(48));
}

function lanes(mnemonic: Mnemonic, operation: typeof lesser, width: number): Row {
  return packed(mnemonic, (l, a, b) => l.enclosed(() => operation(l, a, b, width)));
}

/** Minima, maxima, averages and distances of packed integers (SSE2). */
export const VECTOR_EXTREMUM_ROWS: readonly Row[] = [
  lanes(Mnemonic.Pminub, lesser, 8),
  lanes(Mnemonic.Pmaxub, greater, 8),
  lanes(Mnemonic.Pminsw, signed(lesser), 16),
  lanes(Mnemonic.Pmaxsw, signed(greater), 16),
  lanes(Mnemonic.Pavgb, average, 8),
  lanes(Mnemonic.Pavgw, average, 16),
  lanes(Mnemonic.Psadbw, sumOfDistances, 8),
];

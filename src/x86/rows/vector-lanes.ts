import type { Mnemonic } from 'iced-x86';
import type { Lifter } from '../lifter.js';
import { OP } from '../micro-ops.js';
import type { Row } from '../row.js';
import { readPair, vectorRow, writePair } from './vector-pair.js';

/**
 * Packed integers: the lanes of a quadword are computed together with 64-bit operations, in such a way that no carry crosses
 * from one lane into the next.
 */

/** A slot that holds `lane` in every lane of this width. */
export function everyLane(l: Lifter, lane: bigint, width: number): number {
  let value = 0n;
  for (let at = 0; at < 64; at += width) value |= BigInt.asUintN(width, lane) << BigInt(at);
  return l.constant64(value);
}

/** A slot with the highest bit of every lane set. */
export function tops(l: Lifter, width: number): number {
  return everyLane(l, 1n << BigInt(width - 1), width);
}

/** Computes a slot from two slots. */
export type QuadwordOperation = (l: Lifter, a: number, b: number) => number;

/** The quadwords of operand 0 and of operand 1, which may be aligned memory, combined into operand 0. */
export function packed(mnemonic: Mnemonic, operation: QuadwordOperation): Row {
  return vectorRow(mnemonic, (l) => {
    const a = readPair(l, 0);
    const b = readPair(l, 1);
    const low = operation(l, a.low, b.low);
    const high = operation(l, a.high, b.high);
    writePair(l, 0, { low, high });
  });
}

/** Sums: those of the lanes without their highest bits, which are then added without a carry. */
export function add(l: Lifter, a: number, b: number, width: number): number {
  if (width === 64) return l.compute(OP.Add, a, b);
  const top = tops(l, width);
  const sum = l.compute(OP.Add, l.compute(OP.AndNot, top, a), l.compute(OP.AndNot, top, b));
  return l.compute(OP.Xor, sum, l.compute(OP.And, l.compute(OP.Xor, a, b), top));
}

/** Differences: the highest bits of a are set, so that nothing is borrowed, and put right afterwards. */
export function subtract(l: Lifter, a: number, b: number, width: number): number {
  if (width === 64) return l.compute(OP.Sub, a, b);
  const top = tops(l, width);
  const difference = l.compute(OP.Sub, l.compute(OP.Or, a, top), l.compute(OP.AndNot, top, b));
  return l.compute(OP.Xor, difference, l.compute(OP.AndNot, l.compute(OP.Xor, a, b), top));
}

/** All bits of the lanes whose highest bit is set in `marks`, the other bits of which are ignored. */
export function spreadTops(l: Lifter, marks: number, width: number): number {
  const ones = l.compute(OP.And, l.compute(OP.Shr, marks, l.constant(width - 1)), everyLane(l, 1n, width));
  return l.compute(OP.Mul, ones, l.constant64((1n << BigInt(width)) - 1n));
}

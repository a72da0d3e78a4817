import { Mnemonic } from 'iced-x86';
import type { Lifter } from '../lifter.js';
import { OP } from '../micro-ops.js';
import type { Row } from '../row.js';
import { packed, type QuadwordOperation } from './vector-lanes.js';

/** The product of the words at bit `at` of both quadwords, which `extend` makes 64 bits wide. */
function productAt(l: Lifter, a: number, b: number, at: number, extend: number): number {
  const word = (quadword: number): number => l.compute(extend, l.compute(OP.Shr, quadword, l.constant(at)));
  return l.compute(OP.Mul, word(a), word(b));
}

/** A slot with the bits from `from` on of `value`, moved to bit `at`. The bits below may be anything. */
function moved(l: Lifter, value: number, from: number, at: number): number {
  if (at === from) return value;
  return at > from ? l.compute(OP.Shl, value, l.constant(at - from)) : l.compute(OP.Shr, value, l.constant(from - at));
}

/** Of every product of two words the sixteen bits from `from` on. */
function words(extend: number, from: number): QuadwordOperation {
  return (l, a, b) => {
    let sum = l.constant(0);
    for (let at = 0; at < 64; at += 16) {
      const others = sum;
      sum = l.enclosed(() => {
        const product = moved(l, productAt(l, a, b, at, extend), from, at);
        return l.compute(OP.Or, others, l.compute(OP.And, product, l.constant64(0xffffn << BigInt(at))));
      });
    }
    return sum;
  };
}

/** The sums of two neighbouring products of signed words, as two doublewords. */
function sumsOfProducts(l: Lifter, a: number, b: number): number {
  const sum = (at: number): number =>
    l.compute(OP.Add, productAt(l, a, b, at, OP.Sx16), productAt(l, a, b, at + 16, OP.Sx16));
  const low = l.enclosed(() => l.compute(OP.Zx32, sum(0)));
  return l.enclosed(() => l.compute(OP.Or, low, l.compute(OP.Shl, sum(32), l.constant(32))));
}

/** Products of packed integers (SSE2). */
export const VECTOR_PRODUCT_ROWS: readonly Row[] = [
  packed(Mnemonic.Pmullw, words(OP.Zx16, 0)),
  packed(Mnemonic.Pmulhw, words(OP.Sx16, 16)),
  packed(Mnemonic.Pmulhuw, words(OP.Zx16, 16)),
  packed(Mnemonic.Pmaddwd, sumsOfProducts),
  packed(Mnemonic.Pmuludq, (l, a, b) => l.compute(OP.Mul, l.compute(OP.Zx32, a), l.compute(OP.Zx32, b))),
];

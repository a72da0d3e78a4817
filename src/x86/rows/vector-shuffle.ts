import { Mnemonic } from 'iced-x86';
import { type Lifter } from '../lifter.js';
import { OP } from '../micro-ops.js';
import type { Row } from '../row.js';
import { type Pair, readPair, vectorRow, writePair } from './vector-pair.js';

/** Element `index` of this width (16, 32 or 64 bits), zero-extended. */
function element(l: Lifter, { low, high }: Pair, index: number, width: number): number {
  const at = index * width;
  const quadword = at >= 64 ? high : low;
  const shifted = at % 64 === 0 ? quadword : l.compute(OP.Shr, quadword, l.constant(at % 64));
  return (at % 64) + width === 64 ? shifted : l.zeroExtend(shifted, width);
}

/** A quadword of zero-extended elements, the lowest first. */
function assemble(l: Lifter, elements: readonly number[], width: number): number {
  return elements.reduce((sum, slot, i) =>
    i === 0 ? slot : l.compute(OP.Or, sum, l.compute(OP.Shl, slot, l.constant(i * width))),
  );
}

/** Which of four elements result element i (0 to 3) is, by two bits of the immediate byte for each. */
function choice(l: Lifter, i: number): number {
  return (l.instruction.immediate8 >> (2 * i)) & 3;
}

/** A quadword of four words of a quadword, chosen by the immediate byte. */
function shuffleWords(l: Lifter, quadword: number): number {
  const words = [0, 1, 2, 3].map((i) => element(l, { low: quadword, high: quadword }, choice(l, i), 16));
  return assemble(l, words, 16);
}

/** The low half of a quadword spread out: its elements of this width are the even ones of the result, the others are zero. */
function spread(l: Lifter, quadword: number, width: number): number {
  let value = l.compute(OP.Zx32, quadword);
  for (let step = 16; step >= width; step /= 2) {
    let mask = 0n;
    for (let at = 0; at < 64; at += 2 * step) mask |= ((1n << BigInt(step)) - 1n) << BigInt(at);
    const doubled = l.compute(OP.Or, value, l.compute(OP.Shl, value, l.constant(step)));
    value = l.compute(OP.And, doubled, l.constant64(mask));
  }
  return value;
}

/** The elements of the low halves of two quadwords in turn, that of a first. */
function interleave(l: Lifter, a: number, b: number, width: number): number {
  const odd = l.compute(OP.Shl, spread(l, b, width), l.constant(width));
  return l.compute(OP.Or, spread(l, a, width), odd);
}

/** PUNPCKL and PUNPCKH: the low or the high quadwords of both operands, interleaved. */
function unpack(mnemonic: Mnemonic, width: number, ofHigh: boolean): Row {
  return vectorRow(mnemonic, (l) => {
    const first = readPair(l, 0);
    const second = readPair(l, 1);
    const a = ofHigh ? first.high : first.low;
    const b = ofHigh ? second.high : second.low;
    if (width === 64) return writePair(l, 0, { low: l.compute(OP.Mov, a), high: l.compute(OP.Mov, b) });
    const half = l.constant(32);
    const low = interleave(l, a, b, width);
    const high = interleave(l, l.compute(OP.Shr, a, half), l.compute(OP.Shr, b, half), width);
    writePair(l, 0, { low, high });
  });
}

/** The eight signs as a number: the product brings bit 8 i to bit 56 + i, and no two of its parts meet. */
function signsOfBytes(l: Lifter, quadword: number): number {
  const ones = l.compute(OP.And, l.compute(OP.Shr, quadword, l.constant(7)), l.constant64(0x0101010101010101n));
  return l.compute(OP.Shr, l.compute(OP.Mul, ones, l.constant64(0x0102040810204080n)), l.constant(56));
}

/** The highest bit of every element of this width, as a number. */
function signMask(mnemonic: Mnemonic, width: number): Row {
  return vectorRow(mnemonic, (l) => {
    const { low, high } = readPair(l, 1);
    const count = 64 / width;
    const signs = (quadword: number): number => {
      if (width === 8) return signsOfBytes(l, quadword);
      let sum = l.constant(0);
      for (let i = 0; i < count; i++) {
        const top = l.compute(OP.Shr, quadword, l.constant(i * width + width - 1 - i));
        sum = l.compute(OP.Or, sum, l.compute(OP.And, top, l.constant(1 << i)));
      }
      return sum;
    };
    const upper = l.compute(OP.Shl, signs(high), l.constant(count));
    l.writeRegister(l.general(0).slot, 64, l.compute(OP.Or, signs(low), upper));
  });
}

/** PINSRB, PINSRW, PINSRD, PINSRQ: one element from a general register or memory. */
function insert(mnemonic: Mnemonic, width: number): Row {
  return vectorRow(mnemonic, (l) => {
    const value = l.zeroExtend(l.read(1), width);
    const at = (l.instruction.immediate8 * width) % 128;
    const d = l.xmm(0) + (at >= 64 ? 1 : 0);
    const mask = l.constant64(((1n << BigInt(width)) - 1n) << BigInt(at % 64));
    const others = l.compute(OP.AndNot, mask, d);
    l.emit(OP.Or, d, others, l.compute(OP.Shl, value, l.constant(at % 64)));
  });
}

/** PEXTRB, PEXTRW, PEXTRD, PEXTRQ: one element into a general register, zero-extended, or into memory. */
function extract(mnemonic: Mnemonic, width: number): Row {
  return vectorRow(mnemonic, (l) => {
    const at = (l.instruction.immediate8 * width) % 128;
    const quadword = l.xmm(1) + (at >= 64 ? 1 : 0);
    const value = l.zeroExtend(l.compute(OP.Shr, quadword, l.constant(at % 64)), width);
    if (l.isMemory(0)) l.store(l.address(), value, width);
    else l.writeRegister(l.general(0).slot, 64, value);
  });
}

/** Shuffles, insertions and extractions: SSE, SSE2 and their relatives of SSE4.1 for other widths. */
export const VECTOR_SHUFFLE_ROWS: readonly Row[] = [
  unpack(Mnemonic.Punpcklbw, 8, false),
  unpack(Mnemonic.Punpcklwd, 16, false),
  unpack(Mnemonic.Punpckldq, 32, false),
  unpack(Mnemonic.Punpcklqdq, 64, false),
  unpack(Mnemonic.Punpckhbw, 8, true),
  unpack(Mnemonic.Punpckhwd, 16, true),
  unpack(Mnemonic.Punpckhdq, 32, true),
  unpack(Mnemonic.Punpckhqdq, 64, true),
  unpack(Mnemonic.Unpcklps, 32, false),
  unpack(Mnemonic.Unpcklpd, 64, false),
  unpack(Mnemonic.Unpckhps, 32, true),
  unpack(Mnemonic.Unpckhpd, 64, true),
  vectorRow(Mnemonic.Pshufd, (l) => {
    const source = readPair(l, 1);
    const [a, b, c, d] = [0, 1, 2, 3].map((i) => element(l, source, choice(l, i), 32));
    const low = assemble(l, [a, b], 32);
    writePair(l, 0, { low, high: assemble(l, [c, d], 32) });
  }),
  vectorRow(Mnemonic.Pshuflw, (l) => {
    const source = readPair(l, 1);
    writePair(l, 0, { low: shuffleWords(l, source.low), high: source.high });
  }),
  vectorRow(Mnemonic.Pshufhw, (l) => {
    const source = readPair(l, 1);
    writePair(l, 0, { low: source.low, high: shuffleWords(l, source.high) });
  }),
  vectorRow(Mnemonic.Shufps, (l) => {
    const first = readPair(l, 0);
    const second = readPair(l, 1);
    const low = assemble(
      l,
      [0, 1].map((i) => element(l, first, choice(l, i), 32)),
      32,
    );
    const high = assemble(
      l,
      [2, 3].map((i) => element(l, second, choice(l, i), 32)),
      32,
    );
    writePair(l, 0, { low, high });
  }),
  vectorRow(Mnemonic.Shufpd, (l) => {
    const first = readPair(l, 0);
    const second = readPair(l, 1);
    const low = l.compute(OP.Mov, element(l, first, l.instruction.immediate8 & 1, 64));
    const high = l.compute(OP.Mov, element(l, second, (l.instruction.immediate8 >> 1) & 1, 64));
    writePair(l, 0, { low, high });
  }),
  signMask(Mnemonic.Pmovmskb, 8),
  signMask(Mnemonic.Movmskps, 32),
  signMask(Mnemonic.Movmskpd, 64),
  insert(Mnemonic.Pinsrb, 8),
  insert(Mnemonic.Pinsrw, 16),
  insert(Mnemonic.Pinsrd, 32),
  insert(Mnemonic.Pinsrq, 64),
  extract(Mnemonic.Pextrb, 8),
  extract(Mnemonic.Pextrw, 16),
  extract(Mnemonic.Pextrd, 32),
  extract(Mnemonic.Pextrq, 64),
];

/**
 * The entropy codes of Zstandard: FSE tables and Huffman trees, from bytes that may be hostile. Source: RFC 8878, sections
 * 4.1 (FSE), 4.1.1 (table description) and 4.2 (Huffman coding).
 */
import { DamagedPacking } from './packing.js';

/** A finite-state table: by state, the symbol, and what the next state is read from. */
export interface FseTable {
  /** Bits of a first state. */
  log: number;
  symbols: Uint8Array;
  bits: Uint8Array;
  /** Next state without the bits that are read for it. */
  bases: Uint16Array;
}

/** By the next `log` bits of a stream: a symbol, and how many of the bits are its own. */
export interface HuffmanTable {
  log: number;
  symbols: Uint8Array;
  bits: Uint8Array;
}

const LONGEST_CODE = 11;
const WEIGHT_LOG = 6;
const MOST_WEIGHTS = 255;

/** A stream that is read from its last bit backwards (section 4.1, "Bitstream"): the highest set bit of the last byte ends it. */
export class BackwardBits {
  /** Bits that are left; negative once more was read than there is, which reads as zeros. */
  left: number;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly start: number,
    end: number,
  ) {
    if (end <= start || end > bytes.length || bytes[end - 1] === 0) throw new DamagedPacking();
    this.left = (end - start) * 8 - (Math.clz32(bytes[end - 1]) - 23);
  }

  /** @param count up to 31 */
  read(count: number): number {
    if (count > 16) return this.read(count - 16) * 0x10000 + this.read(16);
    this.left -= count;
    // The byte that holds the lowest of the bits, and the two above it.
    const low = this.left >> 3;
    const at = this.start + low;
    const word =
      low >= 0
        ? this.bytes[at] | (this.bytes[at + 1] << 8) | (this.bytes[at + 2] << 16)
        : low >= -2
          ? this.before(low)
          : 0;
    return (word >>> (this.left & 7)) & ((1 << count) - 1);
  }

  /** Three bytes of which the first one or two lie before the stream. */
  private before(low: number): number {
    let word = 0;
    for (let index = -low; index < 3; index++) word |= this.bytes[this.start + low + index] << (index * 8);
    return word;
  }
}

/**
 * Reads a table description.
 * @param mostLog the greatest accuracy that is allowed for it
 * @returns the table, and where it ends
 */
export function readFseTable(
  bytes: Uint8Array,
  at: number,
  end: number,
  mostLog: number,
  mostSymbols: number,
): { table: FseTable; end: number } {
  let bit = 0;
  const peek = (count: number): number => {
    let value = 0;
    for (let index = 0; index < count; index++) {
      const where = bit + index;
      const byte = at + (where >>> 3);
      // What lies behind the end reads as zeros, and is noticed where the table ends.
      if (byte < end) value |= ((bytes[byte] >>> (where & 7)) & 1) << index;
    }
    return value;
  };
  const log = peek(4) + 5;
  bit += 4;
  if (log > mostLog) throw new DamagedPacking();
  const counts: number[] = [];
  let left = 1 << log;
  while (left > 0) {
    if (counts.length >= mostSymbols || at + (bit >>> 3) >= end) throw new DamagedPacking();
    // Values up to left + 1; the smaller ones take one bit less.
    const width = 32 - Math.clz32(left + 1);
    const small = 2 ** width - 1 - (left + 1);
    let value = peek(width - 1);
    if (value < small) bit += width - 1;
    else {
      value = peek(width);
      bit += width;
      if (value >= 2 ** (width - 1)) value -= small;
    }
    const count = value - 1;
    counts.push(count);
    left -= Math.abs(count);
    if (count !== 0) continue;
    for (let repeat = 3; repeat === 3;) {
      repeat = peek(2);
      bit += 2;
      if (counts.length + repeat > mostSymbols) throw new DamagedPacking();
      for (let index = 0; index < repeat; index++) counts.push(0);
    }
  }
  const next = at + Math.ceil(bit / 8);
  if (left !== 0 || next > end) throw new DamagedPacking();
  return { table: fseTable(counts, log), end: next };
}

/** @param counts normalized, of all symbols; -1 is "less than one" */
export function fseTable(counts: readonly number[], log: number): FseTable {
  const size = 1 << log;
  const symbols = new Uint8Array(size);
  const bits = new Uint8Array(size);
  const bases = new Uint16Array(size);
  let high = size;
  counts.forEach((count, symbol) => {
    if (count === -1) symbols[--high] = symbol;
  });
  const step = (size >> 1) + (size >> 3) + 3;
  let position = 0;
  counts.forEach((count, symbol) => {
    for (let index = 0; index < count; index++) {
      symbols[position] = symbol;
      do position = (position + step) & (size - 1);
      while (position >= high);
    }
  });
  const states = counts.map((count) => (count === -1 ? 1 : count));
  for (let index = 0; index < size; index++) {
    const state = states[symbols[index]]++;
    bits[index] = log - (31 - Math.clz32(state));
    bases[index] = (state << bits[index]) - size;
  }
  return { log, symbols, bits, bases };
}

/** A table of one symbol that takes no bits. */
export function singleSymbol(symbol: number): FseTable {
  return {
    log: 0,
    symbols: Uint8Array.of(symbol),
    bits: new Uint8Array(1),
    bases: new Uint16Array(1),
  };
}

/** Reads a Huffman tree description (section 4.2.1). @returns the table, and where the description ends */
export function readHuffman(bytes: Uint8Array, at: number, end: number): { table: HuffmanTable; end: number } {
  if (at >= end) throw new DamagedPacking();
  const head = bytes[at];
  const next = at + 1 + (head < 128 ? head : (head - 126) >> 1);
  if (next > end) throw new DamagedPacking();
  const weights = head < 128 ? compressedWeights(bytes, at + 1, next) : directWeights(bytes, at + 1, head - 127);
  return { table: huffmanTable(weights), end: next };
}

function directWeights(bytes: Uint8Array, at: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) =>
    index % 2 === 0 ? bytes[at + (index >> 1)] >> 4 : bytes[at + (index >> 1)] & 15,
  );
}

/** Two states take turns until the stream is used up. A table in which a symbol takes no bits would never use it up. */
function compressedWeights(bytes: Uint8Array, at: number, end: number): number[] {
  const { table, end: start } = readFseTable(bytes, at, end, WEIGHT_LOG, LONGEST_CODE + 2);
  const stream = new BackwardBits(bytes, start, end);
  const weights: number[] = [];
  const states = [stream.read(table.log), stream.read(table.log)];
  if (stream.left < 0) throw new DamagedPacking();
  for (let turn = 0; ; turn ^= 1) {
    const state = states[turn];
    weights.push(table.symbols[state]);
    if (weights.length > MOST_WEIGHTS) throw new DamagedPacking();
    states[turn] = table.bases[state] + stream.read(table.bits[state]);
    if (stream.left >= 0) continue;
    weights.push(table.symbols[states[turn ^ 1]]);
    if (weights.length > MOST_WEIGHTS) throw new DamagedPacking();
    return weights;
  }
}

/** The weight of the last symbol is what is left to a power of two. */
function huffmanTable(weights: number[]): HuffmanTable {
  if (weights.some((weight) => weight > LONGEST_CODE)) throw new DamagedPacking();
  const sum = weights.reduce((all, weight) => all + (weight === 0 ? 0 : 2 ** (weight - 1)), 0);
  if (sum === 0) throw new DamagedPacking();
  const log = 32 - Math.clz32(sum);
  const rest = 2 ** log - sum;
  if (log > LONGEST_CODE || (rest & (rest - 1)) !== 0) throw new DamagedPacking();
  const all = [...weights, 32 - Math.clz32(rest)];
  const symbols = new Uint8Array(1 << log);
  const bits = new Uint8Array(1 << log);
  let at = 0;
  for (let weight = 1; weight <= log; weight++)
    all.forEach((one, symbol) => {
      if (one !== weight) return;
      const next = at + 2 ** (weight - 1);
      symbols.fill(symbol, at, next);
      bits.fill(log + 1 - weight, at, next);
      at = next;
    });
  if (at !== 1 << log) throw new DamagedPacking();
  return { log, symbols, bits };
}

/** Fills a range with the symbols of one stream, which must end with the last of them. */
export function decodeHuffman(
  { log, symbols, bits }: HuffmanTable,
  bytes: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
): void {
  const stream = new BackwardBits(bytes, start, end);
  let state = stream.read(log);
  for (let index = 0; index < into.length; index++) {
    into[index] = symbols[state];
    const used = bits[state];
    state = ((state << used) & ((1 << log) - 1)) | stream.read(used);
    if (stream.left < -log) throw new DamagedPacking();
  }
  // The bits that were read ahead lie before the first one.
  if (stream.left !== -log) throw new DamagedPacking();
}

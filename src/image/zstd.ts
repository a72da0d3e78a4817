/**
 * Zstandard frames, from bytes that may be hostile: the work is bounded by the input and by the stated size of the output.
 * Source: RFC 8878, section 3.1 (frames, blocks, sequences). Own code, because Node 20 has no decoder, and the one that is
 * kept in plain JavaScript (fzstd 0.1.1) does not end on a tree of one weight, nor soon on sequences that leave their block;
 * those made of WebAssembly cannot be had without waiting, and images are read without.
 */
import { DamagedPacking } from './packing.js';
import {
  BackwardBits,
  decodeHuffman,
  fseTable,
  type FseTable,
  type HuffmanTable,
  readFseTable,
  readHuffman,
  singleSymbol,
} from './zstd-entropy.js';

const MAGIC = 0xfd2fb528;
/** Sixteen magic numbers of frames that are skipped. */
const SKIPPABLE = 0x184d2a50;
const MOST_IN_BLOCK = 2 ** 17;
/** Bytes up to which a loop is faster than a call. */
const SHORT = 64;
/** Blocks that may be opened, beside one for so many bytes of output: compressors fill them, and each may bring tables. */
const MORE_BLOCKS = 1024;
const BYTES_OF_BLOCK = 1024;
const BLOCK = { raw: 0, repeated: 1, compressed: 2 } as const;
const LITERALS = { raw: 0, repeated: 1, compressed: 2, treeless: 3 } as const;
/** Of a table; with the fourth, 3, the one of the block before is used again. */
const MODE = { predefined: 0, repeated: 1, described: 2 } as const;

/** Section 3.1.1.3.2.2.1 of the RFC: distributions that need no description, and limits of those that are described. */
const LITERAL_LENGTHS = {
  mostLog: 9,
  symbols: 36,
  predefined: fseTable(
    [4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1],
    6,
  ),
};
const MATCH_LENGTHS = {
  mostLog: 9,
  symbols: 53,
  predefined: fseTable(
    [
      1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
      1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
    ],
    6,
  ),
};
const OFFSETS = {
  mostLog: 8,
  symbols: 32,
  predefined: fseTable([1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1], 5),
};

/** Section 3.1.1.3.2.1.1: extra bits of a code; each code begins where the one before ends. */
const LITERAL_BITS = [...zeros(16), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const MATCH_BITS = [...zeros(32), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const LITERAL_BASES = bases(LITERAL_BITS, 0);
const MATCH_BASES = bases(MATCH_BITS, 3);

function zeros(count: number): number[] {
  return Array.from({ length: count }, () => 0);
}

function bases(bits: readonly number[], first: number): number[] {
  let next = first;
  return bits.map((count) => {
    const base = next;
    next += 2 ** count;
    return base;
  });
}

/**
 * Unpacks frames one after the other.
 * @param size bytes that come out, which the caller has bounded
 * @param output of that size, where they go
 * @throws DamagedPacking if the bytes are no such frames, need a dictionary, or do not come to that size exactly
 */
export function unpackZstd(bytes: Uint8Array, size: number, output: Uint8Array = new Uint8Array(size)): Uint8Array {
  new Unpacker(bytes, output).frames();
  return output;
}

class Unpacker {
  private readonly view: DataView;
  private readonly literals = new Uint8Array(MOST_IN_BLOCK);
  private at = 0;
  private blocksLeft: number;
  /** Bytes of the output so far, and where those of the frame begin. */
  private done = 0;
  private frame = 0;
  /** What a frame keeps from block to block. */
  private huffman: HuffmanTable | undefined;
  private tables: (FseTable | undefined)[] = [];
  private offsets = [1, 4, 8];

  constructor(
    private readonly bytes: Uint8Array,
    private readonly output: Uint8Array,
  ) {
    this.blocksLeft = MORE_BLOCKS + Math.floor(output.length / BYTES_OF_BLOCK);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  frames(): void {
    while (this.at < this.bytes.length) {
      const magic = this.number(4);
      if (magic >>> 4 === SKIPPABLE >>> 4) this.skip(this.number(4));
      else if (magic === MAGIC) this.oneFrame();
      else throw new DamagedPacking();
    }
    if (this.done !== this.output.length) throw new DamagedPacking();
  }

  private skip(count: number): number {
    const start = this.at;
    if (count > this.bytes.length - start) throw new DamagedPacking();
    this.at = start + count;
    return start;
  }

  private number(width: 1 | 2 | 3 | 4): number {
    const at = this.skip(width);
    if (width === 4) return this.view.getUint32(at, true);
    let value = 0;
    for (let index = width - 1; index >= 0; index--) value = value * 256 + this.bytes[at + index];
    return value;
  }

  private oneFrame(): void {
    const head = this.number(1);
    const single = (head & 0x20) !== 0;
    // A reserved bit, and dictionaries.
    if ((head & 0x08) !== 0 || (head & 3) !== 0) throw new DamagedPacking();
    if (!single) this.skip(1);
    // What it says of its size is not needed: the output has one.
    this.skip([single ? 1 : 0, 2, 4, 8][head >> 6]);
    this.frame = this.done;
    this.huffman = undefined;
    this.tables = [];
    this.offsets = [1, 4, 8];
    for (let last = false; !last;) last = this.block();
    // The checksum of the content.
    if ((head & 4) !== 0) this.skip(4);
  }

  /** @returns whether it was the last one of its frame */
  private block(): boolean {
    const head = this.number(3);
    const size = head >>> 3;
    const type = (head >> 1) & 3;
    if (size > MOST_IN_BLOCK || --this.blocksLeft < 0) throw new DamagedPacking();
    if (type === BLOCK.raw) {
      const from = this.skip(size);
      this.append(this.bytes.subarray(from, from + size));
    } else if (type === BLOCK.repeated) {
      this.room(size);
      this.output.fill(this.number(1), this.done, this.done + size);
      this.done += size;
    } else if (type === BLOCK.compressed) {
      const from = this.skip(size);
      this.compressed(from, from + size);
    } else throw new DamagedPacking();
    return (head & 1) === 1;
  }

  private room(count: number): void {
    if (count > this.output.length - this.done) throw new DamagedPacking();
  }

  private append(bytes: Uint8Array): void {
    this.room(bytes.length);
    this.output.set(bytes, this.done);
    this.done += bytes.length;
  }

  private compressed(start: number, end: number): void {
    const { literals, at } = this.readLiterals(start, end);
    const limit = Math.min(this.output.length, this.done + MOST_IN_BLOCK);
    this.sequences(at, end, literals, limit);
  }

  /** Section 3.1.1.3.1. */
  private readLiterals(start: number, end: number): { literals: Uint8Array; at: number } {
    if (start >= end) throw new DamagedPacking();
    const type = this.bytes[start] & 3;
    const format = (this.bytes[start] >> 2) & 3;
    const isPacked = type === LITERALS.compressed || type === LITERALS.treeless;
    const width = isPacked ? [3, 3, 4, 5][format] : [1, 2, 1, 3][format];
    if (width > end - start) throw new DamagedPacking();
    let head = 0;
    for (let index = width - 1; index >= 0; index--) head = head * 256 + this.bytes[start + index];
    const at = start + width;
    if (!isPacked) {
      const size = Math.floor(head / (format % 2 === 0 ? 8 : 16));
      return this.plainLiterals(type, at, end, size);
    }
    const bits = [10, 10, 14, 18][format];
    const size = Math.floor(head / 16) % 2 ** bits;
    const packed = Math.floor(head / 2 ** (4 + bits));
    if (size > MOST_IN_BLOCK || packed > end - at) throw new DamagedPacking();
    const literals = this.literals.subarray(0, size);
    this.huffmanLiterals(type === LITERALS.compressed, at, at + packed, literals, format === 0 ? 1 : 4);
    return { literals, at: at + packed };
  }

  private plainLiterals(type: number, at: number, end: number, size: number): { literals: Uint8Array; at: number } {
    const length = type === LITERALS.raw ? size : 1;
    if (size > MOST_IN_BLOCK || length > end - at) throw new DamagedPacking();
    if (type === LITERALS.raw) return { literals: this.bytes.subarray(at, at + size), at: at + size };
    return { literals: this.literals.subarray(0, size).fill(this.bytes[at]), at: at + 1 };
  }

  private huffmanLiterals(hasTree: boolean, start: number, end: number, into: Uint8Array, streams: 1 | 4): void {
    let at = start;
    if (hasTree) {
      const tree = readHuffman(this.bytes, at, end);
      this.huffman = tree.table;
      at = tree.end;
    }
    if (this.huffman === undefined) throw new DamagedPacking();
    if (streams === 1) return decodeHuffman(this.huffman, this.bytes, at, end, into);
    if (end - at < 6) throw new DamagedPacking();
    const sizes = [0, 2, 4].map((offset) => this.view.getUint16(at + offset, true));
    at += 6;
    const each = (into.length + 3) >> 2;
    // The last stream has what is left.
    if (each * 3 > into.length) throw new DamagedPacking();
    for (let index = 0; index < 4; index++) {
      const next = index < 3 ? at + sizes[index] : end;
      if (next > end) throw new DamagedPacking();
      const part = into.subarray(index * each, index < 3 ? (index + 1) * each : into.length);
      decodeHuffman(this.huffman, this.bytes, at, next, part);
      at = next;
    }
  }

  /** Section 3.1.1.3.2. @param limit of the output, for this block */
  private sequences(start: number, end: number, literals: Uint8Array, limit: number): void {
    if (start >= end) throw new DamagedPacking();
    let at = start;
    const byte = (): number => {
      if (at >= end) throw new DamagedPacking();
      return this.bytes[at++];
    };
    let count = byte();
    if (count >= 128) count = count < 255 ? (count - 128) * 256 + byte() : byte() + byte() * 256 + 0x7f00;
    if (count === 0) {
      if (at !== end) throw new DamagedPacking();
      return this.append(literals);
    }
    const modes = byte();
    if ((modes & 3) !== 0) throw new DamagedPacking();
    [LITERAL_LENGTHS, OFFSETS, MATCH_LENGTHS].forEach(({ mostLog, symbols, predefined }, index) => {
      const mode = (modes >> (6 - index * 2)) & 3;
      if (mode === MODE.predefined) this.tables[index] = predefined;
      else if (mode === MODE.repeated) {
        const symbol = byte();
        if (symbol >= symbols) throw new DamagedPacking();
        this.tables[index] = singleSymbol(symbol);
      } else if (mode === MODE.described) {
        const read = readFseTable(this.bytes, at, end, mostLog, symbols);
        this.tables[index] = read.table;
        at = read.end;
      }
    });
    const [lengths, offsets, matches] = this.tables;
    if (lengths === undefined || offsets === undefined || matches === undefined) throw new DamagedPacking();
    this.perform(count, new BackwardBits(this.bytes, at, end), literals, limit, lengths, offsets, matches);
  }

  private perform(
    count: number,
    stream: BackwardBits,
    literals: Uint8Array,
    limit: number,
    lengths: FseTable,
    offsets: FseTable,
    matches: FseTable,
  ): void {
    let used = 0;
    let length = stream.read(lengths.log);
    let offset = stream.read(offsets.log);
    let match = stream.read(matches.log);
    for (let left = count; left > 0; left--) {
      const offsetCode = offsets.symbols[offset];
      const distance = 2 ** offsetCode + stream.read(offsetCode);
      const matchCode = matches.symbols[match];
      const matched = MATCH_BASES[matchCode] + stream.read(MATCH_BITS[matchCode]);
      const lengthCode = lengths.symbols[length];
      const plain = LITERAL_BASES[lengthCode] + stream.read(LITERAL_BITS[lengthCode]);
      if (left > 1) {
        length = lengths.bases[length] + stream.read(lengths.bits[length]);
        match = matches.bases[match] + stream.read(matches.bits[match]);
        offset = offsets.bases[offset] + stream.read(offsets.bits[offset]);
      }
      if (stream.left < 0 || plain > literals.length - used || plain + matched > limit - this.done)
        throw new DamagedPacking();
      this.copyLiterals(literals, used, plain);
      used += plain;
      this.copy(this.resolved(distance, plain === 0), matched);
    }
    if (stream.left !== 0 || literals.length - used > limit - this.done) throw new DamagedPacking();
    this.append(literals.subarray(used));
  }

  /** What `append` does, for the few bytes that there mostly are. */
  private copyLiterals(literals: Uint8Array, from: number, count: number): void {
    if (count > SHORT) return this.append(literals.subarray(from, from + count));
    const { output, done } = this;
    for (let index = 0; index < count; index++) output[done + index] = literals[from + index];
    this.done = done + count;
  }

  /** Section 3.1.1.5: the values 1 to 3 repeat one of the three offsets before, which are then in another order. */
  private resolved(value: number, noLiterals: boolean): number {
    const { offsets } = this;
    const [first, second, third] = offsets;
    const index = value > 3 ? 3 : value - 1 + (noLiterals ? 1 : 0);
    if (index === 0) return first;
    const found = value > 3 ? value - 3 : index === 1 ? second : index === 2 ? third : first - 1;
    if (index !== 1) offsets[2] = second;
    offsets[1] = first;
    offsets[0] = found;
    return found;
  }

  private copy(distance: number, count: number): void {
    const from = this.done - distance;
    if (distance < 1 || from < this.frame) throw new DamagedPacking();
    const { output, done } = this;
    if (count > SHORT && distance >= count) output.copyWithin(done, from, from + count);
    else for (let index = 0; index < count; index++) output[done + index] = output[from + index];
    this.done = done + count;
  }
}

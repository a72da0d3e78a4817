/**
 * LZMA, from bytes that may be hostile: every step makes a byte of output, whose size is given. Source: the LZMA SDK's
 * lzma-specification.txt (Igor Pavlov, public domain). Own code, which
 * unpacks into memory that is given, at once, and bounds its work; which libraries do was not surveyed.
 */
import { copyBack, DamagedPacking } from './packing.js';

/** Of a file of its own: properties, the size of the dictionary and of the content. */
const HEADER = 13;
const STATES = 12;
const MOST_POSITIONS = 16;
const HALF = 1024;
/** Where the probabilities of each kind begin, in one array. */
const AT = (() => {
  let next = 0;
  const take = (count: number): number => (next += count) - count;
  const lengths = (): { choice: number; low: number; middle: number; high: number } => ({
    choice: take(2),
    low: take(MOST_POSITIONS * 8),
    middle: take(MOST_POSITIONS * 8),
    high: take(256),
  });
  return {
    isMatch: take(STATES * MOST_POSITIONS),
    isRepeat: take(STATES),
    isFirst: take(STATES),
    isSecond: take(STATES),
    isThird: take(STATES),
    isLong: take(STATES * MOST_POSITIONS),
    slots: take(4 * 64),
    middle: take(128),
    align: take(16),
    match: lengths(),
    repeat: lengths(),
    literals: next,
  };
})();
type Lengths = typeof AT.match;
const LITERAL_SIZE = 0x300;

/** Fills the output from a file of `lzma`. @throws DamagedPacking if the bytes do not come to its size */
export function unpackLzma(bytes: Uint8Array, output: Uint8Array): void {
  if (bytes.length < HEADER) throw new DamagedPacking();
  const decoder = new LzmaDecoder(bytes, output);
  decoder.resetTo(bytes[0]);
  decoder.run(HEADER, bytes.length, output.length);
}

export class LzmaDecoder {
  /** Bytes of the output so far, and where those begin that may be copied again. */
  done = 0;
  from = 0;
  private at = 0;
  private end = 0;
  private range = 0;
  private code = 0;
  private probabilities = new Uint16Array(0);
  private state = 0;
  private distances = [0, 0, 0, 0];
  private literalBits = 0;
  private literalMask = 0;
  private positionMask = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly output: Uint8Array,
  ) {}

  /** @param properties byte that tells how many bits of position and of the byte before matter @throws DamagedPacking */
  resetTo(properties: number): void {
    if (properties >= 9 * 5 * 5) throw new DamagedPacking();
    this.literalBits = properties % 9;
    const rest = Math.floor(properties / 9);
    this.literalMask = (1 << (rest % 5)) - 1;
    this.positionMask = (1 << Math.floor(rest / 5)) - 1;
    const contexts = (this.literalMask + 1) << this.literalBits;
    this.probabilities = new Uint16Array(AT.literals + LITERAL_SIZE * contexts);
    this.reset();
  }

  reset(): void {
    this.probabilities.fill(HALF);
    this.state = 0;
    this.distances = [0, 0, 0, 0];
  }

  /** Decodes until the output is filled up to `limit`. @throws DamagedPacking */
  run(start: number, end: number, limit: number): void {
    if (end - start < 5 || end > this.bytes.length || limit > this.output.length || this.probabilities.length === 0)
      throw new DamagedPacking();
    if (this.bytes[start] !== 0) throw new DamagedPacking();
    this.range = 0xffffffff;
    this.code = 0;
    for (let index = 1; index < 5; index++) this.code = ((this.code << 8) | this.bytes[start + index]) >>> 0;
    this.at = start + 5;
    this.end = end;
    while (this.done < limit) {
      const position = (this.done - this.from) & this.positionMask;
      if (this.bit(AT.isMatch + this.state * MOST_POSITIONS + position) === 0) this.literal();
      else this.copy(position, limit);
      // Behind the end zeros are read: more of them than the last byte needs are an end that is missing.
      if (this.at > this.end) throw new DamagedPacking();
    }
  }

  private bit(index: number): number {
    const probability = this.probabilities[index];
    const bound = (this.range >>> 11) * probability;
    let found = 0;
    if (this.code < bound) {
      this.range = bound;
      this.probabilities[index] = probability + ((2048 - probability) >> 5);
    } else {
      this.range -= bound;
      this.code -= bound;
      this.probabilities[index] = probability - (probability >> 5);
      found = 1;
    }
    if (this.range < 0x1000000) this.shift();
    return found;
  }

  private shift(): void {
    this.range = (this.range << 8) >>> 0;
    this.code = ((this.code << 8) | (this.at < this.end ? this.bytes[this.at] : 0)) >>> 0;
    this.at++;
  }

  /** Bits of equal chance, the highest first. */
  private direct(count: number): number {
    let value = 0;
    for (let left = count; left > 0; left--) {
      this.range >>>= 1;
      const found = this.code >= this.range ? 1 : 0;
      if (found === 1) this.code -= this.range;
      value = value * 2 + found;
      if (this.range < 0x1000000) this.shift();
    }
    return value;
  }

  private tree(at: number, bits: number): number {
    let node = 1;
    for (let left = bits; left > 0; left--) node = (node << 1) | this.bit(at + node);
    return node - (1 << bits);
  }

  /** As a tree, the lowest bit first. */
  private reversed(at: number, bits: number): number {
    let node = 1;
    let value = 0;
    for (let index = 0; index < bits; index++) {
      const found = this.bit(at + node);
      node = (node << 1) | found;
      value |= found << index;
    }
    return value;
  }

  private literal(): void {
    const { output, done, from } = this;
    const before = done > from ? output[done - 1] : 0;
    const context = (((done - from) & this.literalMask) << this.literalBits) + (before >> (8 - this.literalBits));
    const at = AT.literals + LITERAL_SIZE * context;
    let node = 1;
    if (this.state >= 7) {
      // Behind a copy the byte that would have come next tells what this one is not.
      const back = this.distances[0] + 1;
      if (back > done - from) throw new DamagedPacking();
      let other = output[done - back];
      while (node < 0x100) {
        const expected = other >> 7;
        other = (other << 1) & 0xff;
        const found = this.bit(at + ((1 + expected) << 8) + node);
        node = (node << 1) | found;
        if (found !== expected) break;
      }
    }
    while (node < 0x100) node = (node << 1) | this.bit(at + node);
    output[this.done++] = node;
    this.state = this.state < 4 ? 0 : this.state < 10 ? this.state - 3 : this.state - 6;
  }

  private copy(position: number, limit: number): void {
    let length: number;
    const isLiteral = this.state < 7;
    if (this.bit(AT.isRepeat + this.state) === 0) {
      length = this.length(AT.match, position);
      this.distances = [this.distance(length), ...this.distances.slice(0, 3)];
      this.state = isLiteral ? 7 : 10;
    } else {
      const isShort = this.repeat(position);
      if (isShort) length = 1;
      else length = this.length(AT.repeat, position);
      this.state = isShort ? (isLiteral ? 9 : 11) : isLiteral ? 8 : 11;
    }
    const back = this.distances[0] + 1;
    // The distance of all ones marks an end, and the output is not full.
    if (back > this.done - this.from || length > limit - this.done) throw new DamagedPacking();
    copyBack(this.output, this.done, back, length);
    this.done += length;
  }

  /** Brings the distance that is used again to the front. @returns whether a single byte is copied */
  private repeat(position: number): boolean {
    const { state, distances } = this;
    if (this.bit(AT.isFirst + state) === 0) return this.bit(AT.isLong + state * MOST_POSITIONS + position) === 0;
    const index = this.bit(AT.isSecond + state) === 0 ? 1 : this.bit(AT.isThird + state) === 0 ? 2 : 3;
    const [found] = distances.splice(index, 1);
    distances.unshift(found);
    return false;
  }

  private length({ choice, low, middle, high }: Lengths, position: number): number {
    if (this.bit(choice) === 0) return 2 + this.tree(low + position * 8, 3);
    if (this.bit(choice + 1) === 0) return 10 + this.tree(middle + position * 8, 3);
    return 18 + this.tree(high, 8);
  }

  private distance(length: number): number {
    const slot = this.tree(AT.slots + Math.min(length - 2, 3) * 64, 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) * 2 ** bits;
    if (slot < 14) return base + this.reversed(AT.middle + base - slot, bits);
    return base + this.direct(bits - 4) * 16 + this.reversed(AT.align, 4);
  }
}

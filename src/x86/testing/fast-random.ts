/** Values with which arithmetic goes wrong, as halves: limits of every width, small numbers, their negatives. */
const EDGES = Int32Array.from(
  [
    [0, 0],
    [1, 0],
    [2, 0],
    [0x7f, 0],
    [0x80, 0],
    [0xff, 0],
    [0x100, 0],
    [0x7fff, 0],
    [0x8000, 0],
    [0xffff, 0],
    [0x10000, 0],
    [0x7fffffff, 0],
    [0x80000000, 0],
    [0xffffffff, 0],
    [0, 1],
    [0xffffffff, 0x7fffffff],
    [0, 0x80000000],
    [0xffffffff, 0xffffffff],
    [0x80000000, 0xffffffff],
    [0xffffff80, 0xffffffff],
    [0xffff8000, 0xffffffff],
  ].flat(),
);
const EDGE_COUNT = EDGES.length / 2;

/** A reproducible source of edge-biased values that allocates nothing: xorshift with 32 bits of state. */
export class FastRandom {
  private state = 1;

  /** Starts the stream that belongs to a number. */
  seed(seed: number): void {
    const mixed = Math.imul(seed ^ (seed >>> 15) ^ 0x6d2b79f5, 0x9e3779b1);
    this.state = (mixed ^ (mixed >>> 13)) | 0 || 1;
  }

  /** 32 uniform bits, never 0. */
  next(): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (this.state = x);
  }

  /** An integer from 0 to limit - 1. */
  below(limit: number): number {
    return Math.floor(((this.next() >>> 0) / 0x100000000) * limit);
  }

  /** True in `of256` of 256 cases. */
  chance(of256: number): boolean {
    return (this.next() >>> 8) % 256 < of256;
  }

  /** Writes 64 bits to `words[at]` and `words[at + 1]`: an edge, its neighbour, one bit, a small number, or uniform ones. */
  value(words: Int32Array, at: number): void {
    const kind = this.below(8);
    if (kind <= 1) {
      const edge = 2 * this.below(EDGE_COUNT);
      const step = kind === 0 ? 0 : this.below(5) - 2;
      const low = (EDGES[edge] + step) | 0;
      const carry = step > 0 && low >>> 0 < EDGES[edge] >>> 0 ? 1 : step < 0 && low >>> 0 > EDGES[edge] >>> 0 ? -1 : 0;
      words[at] = low;
      words[at + 1] = EDGES[edge + 1] + carry;
    } else if (kind === 2) {
      const bit = this.below(64);
      words[at] = bit < 32 ? 1 << bit : 0;
      words[at + 1] = bit < 32 ? 0 : 1 << (bit - 32);
    } else if (kind === 3) {
      const small = this.below(256) - 128;
      words[at] = small;
      words[at + 1] = small >> 31;
    } else {
      words[at] = this.next();
      words[at + 1] = this.next();
    }
  }
}

import seedrandom from 'seedrandom';

/** Values with which arithmetic goes wrong: limits of every width, single bits, small numbers. */
const EDGES: readonly bigint[] = [
  0n,
  1n,
  2n,
  0x7fn,
  0x80n,
  0xffn,
  0x100n,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x100000000n,
  0x7fffffffffffffffn,
  0x8000000000000000n,
  0xffffffffffffffffn,
  0xffffffff80000000n,
  0xffffffffffffff80n,
];

/** A reproducible source of edge-biased values for tests. */
export class RandomValues {
  private readonly next: () => number;

  constructor(seed: string) {
    this.next = seedrandom(seed);
  }

  /** An integer from 0 to limit - 1. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** 64 uniform bits. */
  uniform64(): bigint {
    return (BigInt(this.below(0x100000000)) << 32n) | BigInt(this.below(0x100000000));
  }

  /** 64 bits: an edge, its neighbour, one bit, a sign-extended small number, or uniform. */
  value64(): bigint {
    switch (this.below(6)) {
      case 0:
        return this.pick(EDGES);
      case 1:
        return BigInt.asUintN(64, this.pick(EDGES) + BigInt(this.below(5) - 2));
      case 2:
        return 1n << BigInt(this.below(64));
      case 3:
        return BigInt.asUintN(64, BigInt(this.below(256) - 128));
      default:
        return this.uniform64();
    }
  }

  byte(): number {
    return this.chance(0.3) ? this.pick([0, 1, 0x7f, 0x80, 0xff]) : this.below(256);
  }
}

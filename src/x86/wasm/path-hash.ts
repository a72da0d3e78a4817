/**
 * The path hash of interpreter.ts. Each 32-bit half h becomes h * multiplier + f(RIP) with every instruction, so that several
 * instructions together are one multiplication and one addition.
 */
export const PATH_MULTIPLIER = {
  LOW: 0x9e3779b1 | 0,
  HIGH: 0x85ebca6b | 0,
  /** Of the high half of RIP, which is mixed into the low one. */
  ADDRESS_HIGH: 0x61c88647,
  /** Of the mixed halves, for the high half of the hash. */
  MIX: 0xc2b2ae35 | 0,
} as const;

/** How far the mixed halves are shifted to the right for the high half of the hash. */
export const PATH_SHIFT = 15;

/** What a path does to one half of the hash: it becomes half * factor + summand, modulo 2^32. */
export interface PathStep {
  readonly factor: number;
  readonly summand: number;
}

/**
 * What executing these instructions does to both halves of the path hash.
 *
 * @param addresses - RIP of each instruction, unsigned
 */
export function pathStep(addresses: readonly bigint[]): { low: PathStep; high: PathStep } {
  let low = { factor: 1, summand: 0 };
  let high = { factor: 1, summand: 0 };
  for (const address of addresses) {
    const ripHigh = Number(BigInt.asIntN(32, address >> 32n));
    const mixed = Number(BigInt.asIntN(32, address)) ^ Math.imul(ripHigh, PATH_MULTIPLIER.ADDRESS_HIGH);
    low = then(low, PATH_MULTIPLIER.LOW, mixed);
    high = then(high, PATH_MULTIPLIER.HIGH, Math.imul(mixed, PATH_MULTIPLIER.MIX) ^ (mixed >>> PATH_SHIFT));
  }
  return { low, high };
}

function then({ factor, summand }: PathStep, multiplier: number, more: number): PathStep {
  return { factor: Math.imul(factor, multiplier), summand: (Math.imul(summand, multiplier) + more) | 0 };
}

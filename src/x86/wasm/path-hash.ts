/** The multipliers of the path hash in interpreter.ts. */
export const PATH_MULTIPLIER = { LOW: 0x9e3779b1 | 0, HIGH: 0x85ebca6b | 0 } as const;

/** How far the low half is rotated to the left. */
export const PATH_ROTATION = 13;

/**
 * The path hash after these instructions when it was 0 before them, as a 64-bit value.
 *
 * @param addresses - RIP of each instruction, unsigned
 */
export function pathHashFromZero(addresses: readonly bigint[]): bigint {
  let low = 0;
  let high = 0;
  for (const address of addresses) {
    const mixed =
      Math.imul(low ^ Number(BigInt.asIntN(32, address)), PATH_MULTIPLIER.LOW) ^
      Number(BigInt.asIntN(32, address >> 32n));
    low = (mixed << PATH_ROTATION) | (mixed >>> (32 - PATH_ROTATION));
    high = (Math.imul(high ^ mixed, PATH_MULTIPLIER.HIGH) + 1) | 0;
  }
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

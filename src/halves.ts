/** 64-bit values as two 32-bit halves, and back: for people and at the edges, never in a loop that runs per case. */

/** The unsigned 64-bit value of two halves. */
export function joinHalves(low: number, high: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

/** The value at index `at` of a buffer of halves, low half first. */
export function readHalves(words: Int32Array, at: number): bigint {
  return joinHalves(words[at], words[at + 1]);
}

/** Bits 31:0, signed. */
export function lowHalf(value: bigint): number {
  return Number(value & 0xffffffffn) | 0;
}

/** Bits 63:32, signed. */
export function highHalf(value: bigint): number {
  return Number((value >> 32n) & 0xffffffffn) | 0;
}

/** Puts the low 64 bits of a value at index `at` of a buffer of halves, low half first. */
export function writeHalves(words: Int32Array, at: number, value: bigint): void {
  words[at] = lowHalf(value);
  words[at + 1] = highHalf(value);
}

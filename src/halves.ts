/** 64-bit values as two 32-bit halves, and back: for people and at the edges, never in a loop that runs per case in bulk. */

/** One value as both: arithmetic on bigint makes a new one for every mask and shift. */
const whole = new BigUint64Array(1);
const halves = new Int32Array(whole.buffer);

/** The unsigned 64-bit value of two halves. */
export function joinHalves(low: number, high: number): bigint {
  halves[0] = low;
  halves[1] = high;
  return whole[0];
}

/** The value at index `at` of a buffer of halves, low half first. */
export function readHalves(words: Int32Array, at: number): bigint {
  halves[0] = words[at];
  halves[1] = words[at + 1];
  return whole[0];
}

/** Bits 31:0, signed. */
export function lowHalf(value: bigint): number {
  whole[0] = value;
  return halves[0];
}

/** Bits 63:32, signed. */
export function highHalf(value: bigint): number {
  whole[0] = value;
  return halves[1];
}

/** Puts the low 64 bits of a value at index `at` of a buffer of halves, low half first. */
export function writeHalves(words: Int32Array, at: number, value: bigint): void {
  whole[0] = value;
  words[at] = halves[0];
  words[at + 1] = halves[1];
}

/** Whether the value at index `at` of a buffer of halves is this one. */
export function equalHalves(words: Int32Array, at: number, value: bigint): boolean {
  whole[0] = value;
  return words[at] === halves[0] && words[at + 1] === halves[1];
}

/** How far an address lies above another, up to 4 GiB; Infinity where it lies below it or further. All four are halves. */
export function bytesAbove(low: number, high: number, startLow: number, startHigh: number): number {
  const borrow = low >>> 0 < startLow >>> 0 ? 1 : 0;
  return ((high - startHigh - borrow) | 0) === 0 ? (low - startLow) >>> 0 : Infinity;
}

/** The high half of an address so many bytes, less than 4 GiB, above another one. */
export function highAbove(low: number, high: number, bytes: number): number {
  return (low >>> 0) + bytes > 0xffff_ffff ? (high + 1) | 0 : high;
}

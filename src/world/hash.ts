/**
 * Adds one word to a 64-bit running hash (two 32-bit halves of murmur3's mixing step, Austin Appleby, public domain).
 *
 * @param halves where the two halves of the hash lie, from index `at` on
 */
export function hashWord(halves: Int32Array, at: number, word: number): void {
  const low = Math.imul((halves[at] ^ Math.imul((word << 15) | (word >>> 17), 0xcc9e2d51)) + 0x9e3779b9, 0x85ebca6b);
  const high = Math.imul(halves[at + 1] + word + (low >>> 15), 0xc2b2ae35);
  halves[at] = (low << 13) | (low >>> 19);
  halves[at + 1] = high ^ (high >>> 16);
}

/** What drawing a scenario knows besides the constants of the ABI. */

/** Edges as pairs (low, high): zero, one, all ones, signs, 32-bit edges, page edges, canonical edges of 48 and 57 bits. */
export const EDGES = new Int32Array([
  0, 0, 1, 0, -1, -1, 0, 0x80000000, -1, 0x7fffffff, -1, 0, 0, 1, 0x80000000, 0, 0x7fffffff, 0, 0x80000000, -1, 0x1000,
  0, 0xfff, 0, -1, 0x7fff, 0, 0xffff8000, -1, 0x00ffffff, 0, 0xff000000, -4096, -1, 0xff, 0, 0x100, 0, 0xffff, 0,
  0x10000, 0,
]);

/**
 * Leaf numbers that module 1.5.01 does not have (facts/module.md section 1: it has 0-12, 18, 20, 22-27), and that no
 * newer one is known to have (tdcall-leaves.json, newer_leaves).
 */
export const UNKNOWN_LEAVES: readonly number[] = [
  13, 14, 15, 16, 17, 19, 21, 28, 30, 31, 32, 50, 63, 100, 0x1234, 0xffff,
];
/** Leaf 7 lets any version through, leaf 3 has a version 1 in newer modules (facts/module.md section 1). */
export const VERSIONED_LEAVES: readonly number[] = [3, 7];

import { bitOf } from './wide-arithmetic.js';

/**
 * The flags of arithmetic, computed from operands and result into RFLAGS. Operands are Int32
 * indices of low halves (twice the slot number).
 * `x` is a flagWord (micro-ops.ts): width, flags written, flags undefined (they become 0).
 */

/** Writes the flags that x names: the written ones from `value`, the undefined ones as 0. */
function put(s: Int32Array, x: number, value: number): void {
  const written = (x >>> 8) & 0xfff;
  s[34 /* RFLAGS */] = (s[34 /* RFLAGS */] & ~(written | (x >>> 20))) | (value & written);
}

/** SF, ZF and PF of a value of this width. */
function signZeroParity(low: number, high: number, width: number): number {
  let flags = ((0x9669 >>> ((low ^ (low >>> 4)) & 15)) & 1) << 2;
  if (width === 64) {
    if ((low | high) === 0) flags |= 0x40; /* ZF */
    if (high < 0) flags |= 0x80; /* SF */
  } else if (width === 32) {
    if (low === 0) flags |= 0x40; /* ZF */
    if (low < 0) flags |= 0x80; /* SF */
  } else {
    const value = low << (32 - width);
    if (value === 0) flags |= 0x40; /* ZF */
    if (value < 0) flags |= 0x80; /* SF */
  }
  return flags;
}

/** The highest bit of a value of this width, 0 or 1, from the half that holds it. */
function top(low: number, high: number, width: number): number {
  return width === 64 ? high >>> 31 : (low >>> (width - 1)) & 1;
}

/** Flags of r = a + b, also with a carry in. */
export function flagsAdd(s: Int32Array, r: number, a: number, b: number, x: number): void {
  const width = x & 0xff;
  const al = s[a];
  const bl = s[b];
  const rl = s[r];
  const rh = s[r + 1];
  const v = width === 64 ? s[a + 1] : al;
  const w = width === 64 ? s[b + 1] : bl;
  const q = width === 64 ? rh : rl;
  const shift = (width - 1) & 31;
  const carry = (((v & w) | ((v | w) & ~q)) >>> shift) & 1;
  const overflow = (((v ^ q) & (w ^ q)) >>> shift) & 1;
  put(s, x, carry | (overflow << 11) | ((al ^ bl ^ rl) & 0x10) /* AF */ | signZeroParity(rl, rh, width));
}

/** Flags of r = a - b, also with a borrow in. */
export function flagsSub(s: Int32Array, r: number, a: number, b: number, x: number): void {
  const width = x & 0xff;
  const al = s[a];
  const bl = s[b];
  const rl = s[r];
  const rh = s[r + 1];
  const v = width === 64 ? s[a + 1] : al;
  const w = width === 64 ? s[b + 1] : bl;
  const q = width === 64 ? rh : rl;
  const shift = (width - 1) & 31;
  const carry = (((~v & w) | ((~v | w) & q)) >>> shift) & 1;
  const overflow = (((v ^ w) & (v ^ q)) >>> shift) & 1;
  put(s, x, carry | (overflow << 11) | ((al ^ bl ^ rl) & 0x10) /* AF */ | signZeroParity(rl, rh, width));
}

/** SF, ZF, PF of r; CF and OF 0. */
export function flagsLogic(s: Int32Array, r: number, x: number): void {
  put(s, x, signZeroParity(s[r], s[r + 1], x & 0xff));
}

/** Flags of r = a << b (b is the masked count); none for a count of 0. OF is 0 for counts above 1, where it is undefined. */
export function flagsShiftLeft(s: Int32Array, r: number, a: number, b: number, x: number): void {
  const count = s[b];
  if (count === 0) return;
  const width = x & 0xff;
  const rl = s[r];
  const rh = s[r + 1];
  const carry = count <= width ? bitOf(s, a, width - count) : 0;
  const overflow = count === 1 ? top(rl, rh, width) ^ carry : 0;
  put(s, x, carry | (overflow << 11) | signZeroParity(rl, rh, width));
}

/**
 * Flags of r = a >> b; none for a count of 0. OF for a count of 1 is the highest bit of a for SHR and 0 for SAR; it is 0 for
 * counts above 1, where it is undefined.
 */
export function flagsShiftRight(s: Int32Array, r: number, a: number, b: number, x: number, signed: boolean): void {
  const count = s[b];
  if (count === 0) return;
  const width = x & 0xff;
  const carry = bitOf(s, a, count - 1);
  const overflow = count === 1 && !signed ? top(s[a], s[a + 1], width) : 0;
  put(s, x, carry | (overflow << 11) | signZeroParity(s[r], s[r + 1], width));
}

/** The two highest bits of r differ: OF after a rotation or double shift to the right by 1. */
function topBitsDiffer(s: Int32Array, r: number, width: number): number {
  return bitOf(s, r, width - 1) ^ bitOf(s, r, width - 2);
}

/** CF and OF of a rotation without carry; none for a count of 0. */
export function flagsRotate(s: Int32Array, r: number, b: number, x: number, toLeft: boolean): void {
  const count = s[b];
  if (count === 0) return;
  const width = x & 0xff;
  const carry = toLeft ? s[r] & 1 : bitOf(s, r, width - 1);
  putRotation(s, r, x, count, carry, toLeft);
}

/** CF (bit 0 of slot c) and OF of a rotation through the carry; none for a count of 0. */
export function flagsRotateCarry(s: Int32Array, r: number, c: number, b: number, x: number, toLeft: boolean): void {
  const count = s[b];
  if (count === 0) return;
  putRotation(s, r, x, count, s[c] & 1, toLeft);
}

function putRotation(s: Int32Array, r: number, x: number, count: number, carry: number, toLeft: boolean): void {
  const width = x & 0xff;
  let overflow = 0;
  if (count === 1) overflow = toLeft ? bitOf(s, r, width - 1) ^ carry : topBitsDiffer(s, r, width);
  put(s, x, carry | (overflow << 11));
}

/** Flags of SHLD and SHRD: CF is bit 0 of slot c; none for a count of 0. */
export function flagsDoubleShift(s: Int32Array, r: number, c: number, b: number, x: number, toLeft: boolean): void {
  const count = s[b];
  if (count === 0) return;
  const width = x & 0xff;
  const carry = s[c] & 1;
  let overflow = 0;
  if (count === 1) overflow = toLeft ? bitOf(s, r, width - 1) ^ carry : topBitsDiffer(s, r, width);
  put(s, x, carry | (overflow << 11) | signZeroParity(s[r], s[r + 1], width));
}

/** Every written flag becomes (a != b). */
export function flagsNotEqual(s: Int32Array, a: number, b: number, x: number): void {
  put(s, x, s[a] !== s[b] || s[a + 1] !== s[b + 1] ? -1 : 0);
}

/** CF = bit 0 of a, ZF = whether b is zero at the width, both if written. */
export function flagsCarryZero(s: Int32Array, a: number, b: number, x: number): void {
  put(s, x, (s[a] & 1) | (signZeroParity(s[b], s[b + 1], x & 0xff) & 0x40) /* ZF */);
}

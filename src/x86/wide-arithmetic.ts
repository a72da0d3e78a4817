/**
 * Arithmetic on 64-bit slots, for what takes more than a line in the interpreter. d, a, b are Int32 indices of the low halves
 * (twice the slot number). Nothing here allocates.
 */

/** High 32 bits of the unsigned product of two 32-bit values. */
function productHigh(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const first = a0 * b1 + ((a0 * b0) >>> 16);
  const second = a1 * b0 + (first & 0xffff);
  return a1 * b1 + (first >>> 16) + (second >>> 16);
}

/** d = low 64 bits of a * b. */
export function multiply(s: Int32Array, d: number, a: number, b: number): void {
  const al = s[a];
  const ah = s[a + 1];
  const bl = s[b];
  const bh = s[b + 1];
  s[d + 1] = productHigh(al, bl) + Math.imul(al, bh) + Math.imul(ah, bl);
  s[d] = Math.imul(al, bl);
}

/** d = high 64 bits of the 128-bit product of a and b. */
export function multiplyHigh(s: Int32Array, d: number, a: number, b: number, signed: boolean): void {
  const al = s[a];
  const ah = s[a + 1];
  const bl = s[b];
  const bh = s[b + 1];
  const word1 = productHigh(al, bl) + (Math.imul(al, bh) >>> 0) + (Math.imul(ah, bl) >>> 0);
  const word2 = productHigh(al, bh) + productHigh(ah, bl) + (Math.imul(ah, bh) >>> 0) + Math.floor(word1 / 0x100000000);
  let low = word2 | 0;
  let high = (productHigh(ah, bh) + Math.floor(word2 / 0x100000000)) | 0;
  if (signed) {
    if (ah < 0) {
      const borrow = low >>> 0 < bl >>> 0 ? 1 : 0;
      low = (low - bl) | 0;
      high = (high - bh - borrow) | 0;
    }
    if (bh < 0) {
      const borrow = low >>> 0 < al >>> 0 ? 1 : 0;
      low = (low - al) | 0;
      high = (high - ah - borrow) | 0;
    }
  }
  s[d] = low;
  s[d + 1] = high;
}

/** d = a << (count & 63). */
export function shiftLeft(s: Int32Array, d: number, a: number, count: number): void {
  const low = s[a];
  const high = s[a + 1];
  const c = count & 63;
  if (c >= 32) {
    s[d] = 0;
    s[d + 1] = low << (c - 32);
  } else {
    s[d] = low << c;
    s[d + 1] = c === 0 ? high : (high << c) | (low >>> (32 - c));
  }
}

/** d = a >>> (count & 63), unsigned. */
export function shiftRight(s: Int32Array, d: number, a: number, count: number): void {
  const low = s[a];
  const high = s[a + 1];
  const c = count & 63;
  if (c >= 32) {
    s[d] = high >>> (c - 32);
    s[d + 1] = 0;
  } else {
    s[d] = c === 0 ? low : (low >>> c) | (high << (32 - c));
    s[d + 1] = high >>> c;
  }
}

/** d = a >> (count & 63), signed. */
export function shiftRightSigned(s: Int32Array, d: number, a: number, count: number): void {
  const low = s[a];
  const high = s[a + 1];
  const c = count & 63;
  if (c >= 32) {
    s[d] = high >> (c - 32);
    s[d + 1] = high >> 31;
  } else {
    s[d] = c === 0 ? low : (low >>> c) | (high << (32 - c));
    s[d + 1] = high >> c;
  }
}

/** Bit `index` (0 to 63) of slot a. */
export function bitOf(s: Int32Array, a: number, index: number): number {
  return index >= 32 ? (s[a + 1] >>> (index - 32)) & 1 : (s[a] >>> index) & 1;
}

/** d = a (zero-extended from `width` bits) rotated to the left by count modulo width. */
export function rotateLeft(s: Int32Array, d: number, a: number, count: number, width: number): void {
  const c = count % width;
  const low = s[a];
  const high = s[a + 1];
  if (width === 64) {
    const l = c >= 32 ? high : low;
    const h = c >= 32 ? low : high;
    const k = c & 31;
    s[d] = k === 0 ? l : (l << k) | (h >>> (32 - k));
    s[d + 1] = k === 0 ? h : (h << k) | (l >>> (32 - k));
    return;
  }
  s[d] = c === 0 ? low : ((low << c) | (low >>> (width - c))) & (width === 32 ? -1 : (1 << width) - 1);
  s[d + 1] = 0;
}

/** d = a (zero-extended from `width` bits) rotated through the carry by count modulo (width + 1); slot d+1 = the new carry. */
export function rotateCarry(
  s: Int32Array,
  d: number,
  a: number,
  count: number,
  width: number,
  carryIn: number,
  toLeft: boolean,
): void {
  let low = s[a];
  let high = s[a + 1];
  let carry = carryIn;
  const top = (width - 1) & 31;
  for (let left = count % (width + 1); left > 0; left--) {
    if (toLeft) {
      const out = ((width === 64 ? high : low) >>> top) & 1;
      if (width === 64) high = (high << 1) | (low >>> 31);
      low = (low << 1) | carry;
      if (width < 32) low &= (1 << width) - 1;
      carry = out;
    } else {
      const out = low & 1;
      if (width === 64) {
        low = (low >>> 1) | (high << 31);
        high = (high >>> 1) | (carry << 31);
      } else low = (low >>> 1) | (carry << top);
      carry = out;
    }
  }
  s[d] = low;
  s[d + 1] = high;
  s[d + 2] = carry;
  s[d + 3] = 0;
}

/** d = the low bits of a, one after the other, at the places of the set bits of b. */
export function depositBits(s: Int32Array, d: number, a: number, b: number): void {
  let from = 0;
  let low = 0;
  let high = 0;
  for (let mask = s[b]; mask !== 0; mask &= mask - 1) if (bitOf(s, a, from++) !== 0) low |= mask & -mask;
  for (let mask = s[b + 1]; mask !== 0; mask &= mask - 1) if (bitOf(s, a, from++) !== 0) high |= mask & -mask;
  s[d] = low;
  s[d + 1] = high;
}

/** d = the bits of a at the places of the set bits of b, one after the other from bit 0 on. */
export function extractBits(s: Int32Array, d: number, a: number, b: number): void {
  let to = 0;
  let low = 0;
  let high = 0;
  for (let half = 0; half < 2; half++) {
    for (let mask = s[b + half]; mask !== 0; mask &= mask - 1) {
      const found = (s[a + half] & mask & -mask) !== 0 ? 1 : 0;
      if (to < 32) low |= found << to;
      else high |= found << (to - 32);
      to++;
    }
  }
  s[d] = low;
  s[d + 1] = high;
}

/** The number of set bits of a 32-bit value. */
export function populationCount(value: number): number {
  let v = value - ((value >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** A 32-bit value with its bytes reversed. */
export function swapBytes(value: number): number {
  return ((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
}

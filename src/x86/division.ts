/**
 * Division of a double-width dividend, as DIV and IDIV do it, on slots of two 32-bit halves.
 * The results are left in `quotient` and `remainder` ([low, high]) of a {@link Divider}.
 */
export class Divider {
  /** Low and high half of the last quotient, within the width. */
  readonly quotient = new Int32Array(2);
  /** Low and high half of the last remainder, within the width. */
  readonly remainder = new Int32Array(2);

  /**
   * Unsigned division of (high:low) by the divisor; every operand is zero-extended from `width` bits.
   *
   * @returns false when the divisor is zero or the quotient does not fit: the CPU raises #DE
   */
  unsigned(
    highLow: number,
    highHigh: number,
    lowLow: number,
    lowHigh: number,
    divisorLow: number,
    divisorHigh: number,
    width: number,
  ): boolean {
    if (!below(highLow, highHigh, divisorLow, divisorHigh)) return false;
    let remainderLow = highLow | 0;
    let remainderHigh = highHigh | 0;
    let quotientLow = 0;
    let quotientHigh = 0;
    for (let bit = width - 1; bit >= 0; bit--) {
      const next = bit >= 32 ? (lowHigh >>> (bit - 32)) & 1 : (lowLow >>> bit) & 1;
      const carry = remainderHigh < 0;
      remainderHigh = (remainderHigh << 1) | (remainderLow >>> 31);
      remainderLow = (remainderLow << 1) | next;
      if (carry || !below(remainderLow, remainderHigh, divisorLow, divisorHigh)) {
        const borrow = remainderLow >>> 0 < divisorLow >>> 0 ? 1 : 0;
        remainderLow = (remainderLow - divisorLow) | 0;
        remainderHigh = (remainderHigh - divisorHigh - borrow) | 0;
        if (bit >= 32) quotientHigh |= 1 << (bit - 32);
        else quotientLow |= 1 << bit;
      }
    }
    this.quotient[0] = quotientLow;
    this.quotient[1] = quotientHigh;
    this.remainder[0] = remainderLow;
    this.remainder[1] = remainderHigh;
    return true;
  }

  /** Signed division; the operands are zero-extended from `width` bits and the high half carries the sign. See {@link unsigned}. */
  signed(
    highLow: number,
    highHigh: number,
    lowLow: number,
    lowHigh: number,
    divisorLow: number,
    divisorHigh: number,
    width: number,
  ): boolean {
    const negativeDividend = signBit(highLow, highHigh, width);
    const negativeDivisor = signBit(divisorLow, divisorHigh, width);
    let hl = highLow;
    let hh = highHigh;
    let ll = lowLow;
    let lh = lowHigh;
    if (negativeDividend) {
      const lowIsZero = (ll | lh) === 0;
      lh = clipHigh((ll === 0 ? -lh : ~lh) | 0, width);
      ll = clipLow(-ll | 0, width);
      const carry = lowIsZero ? 1 : 0;
      const sum = (~hl + carry) | 0;
      hh = clipHigh((~hh + (carry === 1 && sum === 0 ? 1 : 0)) | 0, width);
      hl = clipLow(sum, width);
    }
    let dl = divisorLow;
    let dh = divisorHigh;
    if (negativeDivisor) {
      dh = clipHigh((dl === 0 ? -dh : ~dh) | 0, width);
      dl = clipLow(-dl | 0, width);
    }
    if (!this.unsigned(hl, hh, ll, lh, dl, dh, width)) return false;
    const negativeQuotient = negativeDividend !== negativeDivisor;
    if (signBit(this.quotient[0], this.quotient[1], width)) {
      const isMinimum =
        width === 64
          ? this.quotient[0] === 0 && this.quotient[1] === -0x80000000
          : this.quotient[0] >>> 0 === 2 ** (width - 1);
      if (!negativeQuotient || !isMinimum) return false;
    }
    if (negativeQuotient) negate(this.quotient, width);
    if (negativeDividend) negate(this.remainder, width);
    return true;
  }
}

function below(aLow: number, aHigh: number, bLow: number, bHigh: number): boolean {
  return aHigh === bHigh ? aLow >>> 0 < bLow >>> 0 : aHigh >>> 0 < bHigh >>> 0;
}

function signBit(low: number, high: number, width: number): boolean {
  return width === 64 ? high < 0 : ((low >>> (width - 1)) & 1) === 1;
}

function clipLow(low: number, width: number): number {
  return width >= 32 ? low : low & ((1 << width) - 1);
}

function clipHigh(high: number, width: number): number {
  return width === 64 ? high : 0;
}

function negate(value: Int32Array, width: number): void {
  const low = value[0];
  value[1] = clipHigh((low === 0 ? -value[1] : ~value[1]) | 0, width);
  value[0] = clipLow(-low | 0, width);
}

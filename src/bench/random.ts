/** A small generator for inputs that need no shrinking (sfc32, Chris Doty-Humphrey, PractRand; public domain). */
export class Random {
  private a = 0;
  private b = 0;
  private c = 0;
  private counter = 0;

  /** Four 32-bit seed words. */
  seed(a: number, b: number, c: number, d: number): void {
    this.a = a | 0;
    this.b = b | 0;
    this.c = c | 0;
    this.counter = d | 0;
    for (let round = 0; round < 12; round++) this.next();
  }

  /** 32 uniform bits, signed. */
  next(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    this.c |= 0;
    return sum;
  }

  /** Uniform in 0 .. bound-1 (bound at most 2^16; the bias is below 2^-16). */
  below(bound: number): number {
    return ((this.next() >>> 16) * bound) >>> 16;
  }

  /** True in `chances` of 256 draws. */
  chance(chances: number): boolean {
    return this.next() >>> 24 < chances;
  }
}

/**
 * The random numbers of stories: sfc32 (Chris Doty-Humphrey, PractRand), started by four words that fast-check draws. It
 * is the same stream on every machine.
 */
import { joinHalves } from '../halves.js';
import type { StreamWords } from './drawn-arbitrary.js';

/** Numbers that are thrown away before the first is used, so that similar words start different streams. */
const WARM_UP = 12;
/** Any bits that are not 0. */
const ASIDE = 0x5a5eb17d;

export class Dice {
  private a: number;
  private b: number;
  private c: number;
  private counter: number;

  constructor([a, b, c, counter]: StreamWords) {
    this.a = a | 0;
    this.b = b | 0;
    this.c = c | 0;
    this.counter = counter | 0;
    for (let round = 0; round < WARM_UP; round++) this.word();
  }

  /** A stream of its own from here on, that takes nothing from this one. */
  aside(): Dice {
    return new Dice([this.a ^ ASIDE, this.b, this.c, this.counter]);
  }

  /** 32 random bits, signed. */
  word(): number {
    const result = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + result) | 0;
    return result;
  }

  /** 64 random bits, unsigned. */
  value(): bigint {
    const high = this.word();
    return joinHalves(this.word(), high);
  }

  /** 0 to limit - 1; limit is at most 2^31. */
  below(limit: number): number {
    return Math.floor(((this.word() >>> 0) / 0x1_0000_0000) * limit);
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }
}

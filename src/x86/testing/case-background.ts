import { ARITHMETIC_FLAGS, FLAG } from '../flags.js';
import { FastRandom } from './fast-random.js';
import { STATE_WORD } from './native-oracle.js';

/** Flags that a case may begin with beside IF and bit 1, and that are compared. */
export const CASE_FLAGS = ARITHMETIC_FLAGS | FLAG.DF | FLAG.NT | FLAG.ID;

/** x87 control word: the bits that can be set; bit 6 always reads as one. */
export const X87_CW_BITS = 0x1f3f;

const background = new FastRandom();

/**
 * Fills a state with what a number stands for: all registers and the observed memory uniform; the arithmetic flags, DF, NT and
 * ID at random, IF set; segment bases 0; in MXCSR and the x87 control word all exceptions masked, the rest at random.
 *
 * The committed vectors name a state by this number and what differs from it: this function must not change.
 */
export function fillBackground(words: Int32Array, at: number, number: number): void {
  background.seed(number);
  const end = at + STATE_WORD.size;
  for (let i = at; i < end; i++) words[i] = background.next();
  const flags = words[at + STATE_WORD.rflags];
  const direction = (flags & 0x07000000) === 0 ? FLAG.DF : 0;
  const rare = (flags & 0x30000000) === 0 ? FLAG.NT | FLAG.ID : 0;
  words[at + STATE_WORD.rflags] = (flags & (ARITHMETIC_FLAGS | rare)) | direction | 0x202;
  words[at + STATE_WORD.rflags + 1] = 0;
  words.fill(0, at + STATE_WORD.fsBase, at + STATE_WORD.mxcsr);
  words[at + STATE_WORD.mxcsr] = (words[at + STATE_WORD.mxcsr] & 0xffff) | 0x1f80;
  words[at + STATE_WORD.x87Cw] = (words[at + STATE_WORD.x87Cw] & X87_CW_BITS) | 0x7f;
}

/** Words of the code that draws: random numbers within bounds, and where they come from and go. */
import { i32, type I32, type Statement } from '../wasm/code.js';

/** One of `bound` numbers from the upper 16 bits of a random word. */
export const below = (word: I32, bound: I32 | number): I32 =>
  i32.shrU(i32.mul(i32.shrU(word, i32.const(16)), typeof bound === 'number' ? i32.const(bound) : bound), i32.const(16));
/** True in `chances` of 256 values of the lowest byte. */
export const chance = (word: I32, chances: number): I32 => i32.ltU(i32.and(word, i32.const(0xff)), i32.const(chances));

/** Random word number n of the scenario. */
export type Word = (n: number) => I32;
/** Stores both halves of a slot; the upper one is 0 if it is not given. */
export type SetSlot = (slot: number, low: I32, high?: I32) => Statement;

/** What a violated clause is about, in the words that blame has for it (src/finding/blame.ts). */
import type { Place } from '../stage/program-stage.js';

/** A value's place: a general register by its number, or memory. */
export type Location = { register: number } | Place;

export type Wrong =
  /** A value in a register or in memory. */
  | { readonly kind: 'value'; readonly location: Location; readonly at: Moment }
  /** Bits of RFLAGS. */
  | { readonly kind: 'flags'; readonly mask: number; readonly at: Moment }
  /** A part of the vector state, by its words in the machine's state; any of it where none is named. */
  | { readonly kind: 'vector'; readonly words?: { readonly from: number; readonly to: number }; readonly at: Moment }
  /** What one instruction did, by its address. */
  | { readonly kind: 'instruction'; readonly address: bigint }
  /** STI, or that there is none. */
  | { readonly kind: 'sti' }
  /** How often, and how, the code left for the outside. */
  | { readonly kind: 'calls'; readonly at: Moment }
  /** The code ended where it must not, or in another way. */
  | { readonly kind: 'end' }
  /** The code went on where it had to stop. */
  | { readonly kind: 'goes on' }
  /** An exchange that should not be there, or that another stands in place of. */
  | { readonly kind: 'decision' }
  /** Something that the code could not know of changed its way, or the addresses that it used. */
  | { readonly kind: 'parted'; readonly in: 'path' | 'addresses'; readonly companion: 'guest' | 'host' };

/** When a value was looked at: at the first call, at the exchange with which the trace ends, at the end. */
export type Moment = 'first call' | 'exchange' | 'end';

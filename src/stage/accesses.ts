/** What a data access in the machine's event log is to the stack it was made on. */
import { bytesAbove } from '../halves.js';
import { EVENT, EVENT_WORD } from '../x86/events.js';

/** A stack, as numbers: nothing that looks through every access may make bigints. */
export interface StackNumbers {
  /** High half of the first of its addresses. */
  readonly high: number;
  /** Low half of it. */
  readonly low: number;
  readonly size: number;
}

/** Whether an event at `at` lies on the stack. */
export function isOnStack(events: Int32Array, at: number, { high, low, size }: StackNumbers): boolean {
  return bytesAbove(events[at + EVENT_WORD.ADDRESS_LOW], events[at + EVENT_WORD.ADDRESS_HIGH], low, high) < size;
}

/**
 * Whether an event is an explicit access below RSP, where an interrupt overwrites everything: one within the stack, at a
 * lower address than RSP was. What a push or pop does there is none.
 */
export function isBelowStackPointer(events: Int32Array, at: number, stack: StackNumbers): boolean {
  const kind = events[at + EVENT_WORD.KIND];
  if (kind !== EVENT.Load && kind !== EVENT.Store) return false;
  if (!isOnStack(events, at, stack)) return false;
  const rspLow = events[at + EVENT_WORD.RSP_LOW];
  const rspHigh = events[at + EVENT_WORD.RSP_HIGH];
  const below = bytesAbove(rspLow, rspHigh, events[at + EVENT_WORD.ADDRESS_LOW], events[at + EVENT_WORD.ADDRESS_HIGH]);
  return below > 0 && below !== Infinity;
}

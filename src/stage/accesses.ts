/** What a data access in the machine's event log is to the stack it was made on. */
import { EVENT, EVENT_WORD } from '../x86/events.js';

/** A stack, as numbers: nothing that looks through every access may make bigints. */
export interface StackNumbers {
  /** High half of all its addresses. */
  readonly high: number;
  /** Low half of the first. */
  readonly low: number;
  readonly size: number;
}

/** Whether an event at `at` lies on the stack. */
export function isOnStack(events: Int32Array, at: number, { high, low, size }: StackNumbers): boolean {
  return events[at + EVENT_WORD.ADDRESS_HIGH] === high && (events[at + EVENT_WORD.ADDRESS_LOW] - low) >>> 0 < size;
}

/**
 * Whether an event is an explicit access below RSP, where an interrupt overwrites everything: one within the stack, at a
 * lower address than RSP was. What a push or pop does there is none.
 */
export function isBelowStackPointer(events: Int32Array, at: number, stack: StackNumbers): boolean {
  const kind = events[at + EVENT_WORD.KIND];
  if (kind !== EVENT.Load && kind !== EVENT.Store) return false;
  const below = (events[at + EVENT_WORD.RSP_LOW] - events[at + EVENT_WORD.ADDRESS_LOW]) | 0;
  return below > 0 && events[at + EVENT_WORD.RSP_HIGH] === stack.high && isOnStack(events, at, stack);
}

/** Looks through the data accesses of a run: writes that go astray, and accesses below RSP. */
import { FACT } from '../observation/layout.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { isBelowStackPointer, isOnStack } from '../stage/accesses.js';
import type { Machine } from '../x86/machine.js';
import type { NumericRegions, Placement } from './placement.js';

/** What the survey says of one event. */
export const ACCESS = { legal: 0, stray: 1, belowStack: 2 } as const;

/**
 * Classifies one event. A write is legal on the stack below the return address, in the shadow space above it, and in
 * the argument block. An explicit access below RSP is one within the stack at a lower address than RSP was.
 */
function classifyAccess(
  events: Int32Array,
  at: number,
  placement: Placement,
  regions: NumericRegions,
  blockSize: number,
  shadow: number,
): number {
  const kind = events[at + EVENT_WORD.KIND];
  if (kind > EVENT.Pop) return ACCESS.legal;
  const low = events[at + EVENT_WORD.ADDRESS_LOW];
  const high = events[at + EVENT_WORD.ADDRESS_HIGH];
  const size = events[at + EVENT_WORD.SIZE] & 0xff;
  if (isBelowStackPointer(events, at, regions.stack) && !inBlock(low, high, 1, placement, blockSize))
    return ACCESS.belowStack;
  if (kind !== EVENT.Store && kind !== EVENT.Push) return ACCESS.legal;
  if (inBlock(low, high, size, placement, blockSize)) return ACCESS.legal;
  if (!isOnStack(events, at, regions.stack)) return ACCESS.stray;
  const aboveEntry = (low - placement.stackLow) | 0;
  const inShadow = aboveEntry >= 8 && aboveEntry + size <= 8 + shadow;
  return aboveEntry + size <= 0 || inShadow ? ACCESS.legal : ACCESS.stray;
}

function inBlock(low: number, high: number, size: number, placement: Placement, blockSize: number): boolean {
  const offset = (low - placement.blockLow) >>> 0;
  return high === placement.blockHigh && offset < blockSize && offset + size <= blockSize;
}

export function surveyAccesses(
  machine: Machine,
  placement: Placement,
  regions: NumericRegions,
  blockSize: number,
  shadow: number,
  observation: Int32Array,
): void {
  const { events } = machine;
  const end = machine.eventCount * EVENT_WORDS;
  let sti = 0;
  for (let at = 0; at < end; at += EVENT_WORDS) {
    const access = classifyAccess(events, at, placement, regions, blockSize, shadow);
    if (access === ACCESS.stray) note(observation, FACT.strayWrites, FACT.firstStrayWrite, events, at);
    else if (access === ACCESS.belowStack) note(observation, FACT.accessesBelowStack, FACT.firstBelowStack, events, at);
    if (events[at + EVENT_WORD.KIND] === EVENT.Sti) sti++;
  }
  observation[2 * FACT.stiCount] = sti;
}

/** Counts one, and remembers the instruction that made the first. */
function note(observation: Int32Array, count: number, first: number, events: Int32Array, at: number): void {
  if (observation[2 * count]++ > 0) return;
  observation[2 * first] = events[at + EVENT_WORD.RIP_LOW];
  observation[2 * first + 1] = events[at + EVENT_WORD.RIP_HIGH];
}

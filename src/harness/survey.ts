/**
 * Looks through the data accesses of a run: writes that go astray, and accesses below RSP. Zeros that are written there and never
 * read clear dead stack: they count only once something reads them.
 */
import { bytesAbove } from '../halves.js';
import { FACT } from '../observation/layout.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { isBelowStackPointer, isOnStack } from '../stage/accesses.js';
import type { Machine } from '../x86/machine.js';
import type { NumericRegions, Placement } from './placement.js';

/** What the survey says of one event. */
const ACCESS = { legal: 0, stray: 1, belowStack: 2, clearsBelowStack: 3 } as const;

/** Memory that the function may write to, besides its part of the stack. */
export interface Writable {
  readonly placement: Placement;
  readonly regions: NumericRegions;
  /** Bytes of each block that may be written, by index. */
  readonly blocks: Int32Array;
  /** By index of the block: 1 for each of its bytes that may be written; undefined where all of them may. */
  readonly writableBytes: readonly (Uint8Array | undefined)[];
  /** Bytes above the return address: the shadow space, and the parameters that were passed on the stack. */
  readonly above: number;
  /** Data of the function's own: low half, high half and bytes of each. */
  readonly own: Int32Array;
}

/**
 * Classifies one event. A write is legal on the stack below the return address, in the shadow space and the stack parameters
 * above it, in the argument blocks where they have fields, and in data of the function's own. An explicit access below RSP is one within the stack at
 * a lower address than RSP was.
 */
function classifyAccess(events: Int32Array, at: number, writable: Writable): number {
  const kind = events[at + EVENT_WORD.KIND];
  if (kind > EVENT.Pop) return ACCESS.legal;
  const low = events[at + EVENT_WORD.ADDRESS_LOW];
  const high = events[at + EVENT_WORD.ADDRESS_HIGH];
  const size = events[at + EVENT_WORD.SIZE] & 0xff;
  const { placement, above, own } = writable;
  if (isBelowStackPointer(events, at, placement.stack) && !inBlocks(low, high, 1, writable))
    return kind === EVENT.Store && isZero(events, at) ? ACCESS.clearsBelowStack : ACCESS.belowStack;
  if (kind !== EVENT.Store && kind !== EVENT.Push) return ACCESS.legal;
  if (inBlocks(low, high, size, writable)) return inFields(low, high, size, writable) ? ACCESS.legal : ACCESS.stray;
  if (inOwn(low, high, size, own)) return ACCESS.legal;
  if (!isOnStack(events, at, placement.stack)) return ACCESS.stray;
  const aboveEntry = (low - placement.stackLow) | 0;
  const isPassed = aboveEntry >= 8 && aboveEntry + size <= 8 + above;
  return aboveEntry + size <= 0 || isPassed ? ACCESS.legal : ACCESS.stray;
}

function inBlocks(low: number, high: number, size: number, { placement, blocks }: Writable): boolean {
  for (let block = 0; block < blocks.length; block++) {
    if (bytesAbove(low, high, placement.lows[block], placement.highs[block]) + size <= blocks[block]) return true;
  }
  return false;
}

/** Whether each block that has all of these bytes has them in fields. */
function inFields(low: number, high: number, size: number, { placement, blocks, writableBytes }: Writable): boolean {
  for (let block = 0; block < blocks.length; block++) {
    const bytes = writableBytes[block];
    if (bytes === undefined) continue;
    const offset = bytesAbove(low, high, placement.lows[block], placement.highs[block]);
    if (offset + size > blocks[block]) continue;
    for (let byte = offset; byte < offset + size; byte++) if (bytes[byte] === 0) return false;
  }
  return true;
}

function inOwn(low: number, high: number, size: number, own: Int32Array): boolean {
  for (let at = 0; at < own.length; at += 3) {
    const offset = (low - own[at]) >>> 0;
    if (high === own[at + 1] && offset < own[at + 2] && offset + size <= own[at + 2]) return true;
  }
  return false;
}

export function surveyAccesses(machine: Machine, writable: Writable, observation: Int32Array): void {
  const { events } = machine;
  const end = machine.eventCount * EVENT_WORDS;
  /** Where the events of zeros below RSP lie of which nothing was read yet, nor everything overwritten. */
  let unread: number[] | undefined;
  let sti = 0;
  for (let at = 0; at < end; at += EVENT_WORDS) {
    if (unread !== undefined) unread = lookFor(unread, events, at, observation);
    const access = classifyAccess(events, at, writable);
    if (access === ACCESS.stray) note(observation, FACT.strayWrites, FACT.firstStrayWrite, events, at);
    else if (access === ACCESS.belowStack) noteBelow(observation, events, at);
    else if (access === ACCESS.clearsBelowStack) (unread ??= []).push(at);
    if (events[at + EVENT_WORD.KIND] === EVENT.Sti) sti++;
  }
  observation[2 * FACT.stiCount] = sti;
}

function isZero(events: Int32Array, at: number): boolean {
  return (events[at + EVENT_WORD.VALUE_LOW] | events[at + EVENT_WORD.VALUE_HIGH]) === 0;
}

/** What of the stores below RSP is still unread behind an event; the others are noted, or gone. */
function lookFor(stores: readonly number[], events: Int32Array, at: number, observation: Int32Array): number[] {
  const kind = events[at + EVENT_WORD.KIND];
  if (kind > EVENT.Pop) return [...stores];
  const reads = kind === EVENT.Load || kind === EVENT.Pop;
  const size = events[at + EVENT_WORD.SIZE] & 0xff;
  return stores.filter((store) => {
    const distance = (events[at + EVENT_WORD.ADDRESS_LOW] - events[store + EVENT_WORD.ADDRESS_LOW]) | 0;
    const stored = events[store + EVENT_WORD.SIZE] & 0xff;
    // They need not lie on one stack: a neighbour that is 4 GiB away is none.
    if (distance <= -size || distance >= stored || !isNear(events, at, store)) return true;
    if (reads) noteBelow(observation, events, store);
    return !reads && (distance > 0 || distance + size < stored);
  });
}

function isNear(events: Int32Array, one: number, other: number): boolean {
  const high = EVENT_WORD.ADDRESS_HIGH;
  return Math.abs(events[one + high] - events[other + high]) <= 1;
}

function noteBelow(observation: Int32Array, events: Int32Array, at: number): void {
  note(observation, FACT.accessesBelowStack, FACT.firstBelowStack, events, at);
}

/** Counts one, and remembers the instruction that made the first. */
function note(observation: Int32Array, count: number, first: number, events: Int32Array, at: number): void {
  if (observation[2 * count]++ > 0) return;
  observation[2 * first] = events[at + EVENT_WORD.RIP_LOW];
  observation[2 * first + 1] = events[at + EVENT_WORD.RIP_HIGH];
}

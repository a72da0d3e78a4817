/** From recorded steps to those of a trace document. */
import { hex } from '../text/hex.js';
import { lowHalf, readHalves } from '../halves.js';
import { followHostValues } from './host-values.js';
import type { Told } from '../run/runner.js';
import type { ToldStep } from '../run/told-step.js';
import { STATE_PARTS, stateChanges } from '../run/state-changes.js';
import { type Places, stepText } from '../run/step-text.js';
import type { Step } from '../run/trace.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { flagChanges } from '../x86/flags.js';
import { REGISTER_NAMES } from '../x86/registers.js';
import {
  type MemoryAccess,
  type NamedValue,
  type TraceDocument,
  type TraceStep,
  wordedValue,
  type WordedValue,
} from '../run/trace-document.js';

/** Steps of one trace that are told: many more than a sound stub has. The longest sound run of a program has more. */
export const MOST_STEPS = 1024;

type Steps = Pick<TraceDocument, 'initial' | 'steps' | 'blamed' | 'leftOut' | 'method'>;

/** The line of an instruction, where the image has a line table. */
export type SourceOf = (address: bigint) => NonNullable<TraceStep['source']> | undefined;

/** @param blamed index of the step to blame, -1 if there is none */
export function documentSteps(
  { steps: told, companion, addressName }: Pick<Told, 'steps' | 'companion' | 'addressName'>,
  blamed: number,
  place: Places,
  sourceOf: SourceOf,
): Steps {
  const followed = followHostValues(
    told.map(({ step }) => step),
    told.map(({ given }) => given),
    companion,
  );
  const first = firstShown(told.length, blamed);
  const shown = told.slice(first, first + MOST_STEPS);
  const held = new Set<bigint>();
  for (const { added, removed } of followed.slice(0, first)) {
    for (const word of added) held.add(word);
    for (const word of removed) held.delete(word);
  }
  let line: TraceStep['source'];
  const steps = shown.map(({ step, after, world, words }, index): TraceStep => {
    const previous = index === 0 ? undefined : shown[index - 1].after;
    const { registers, added, removed } = followed[first + index];
    // What was held before the first step that is shown is held at it.
    const theirMemory = index === 0 ? [...held, ...added].filter((word) => !removed.includes(word)) : added;
    const between = previous === undefined ? [] : changes(previous, step.before);
    const loads = accesses(step, [EVENT.Load, EVENT.Pop], addressName);
    const stores = accesses(step, [EVENT.Store, EVENT.Push], addressName);
    const source = step.interrupt ? undefined : sourceOf(step.address);
    const isOther = source !== undefined && (source.line !== line?.line || source.file !== line.file);
    if (isOther) line = source;
    return {
      place: place(step.address),
      text: stepText(step, place),
      ...(between.length > 0 && { between }),
      ...(isOther && { source }),
      changed: wordedChanges(step.before, after, words, addressName),
      ...(loads.length > 0 && { loads }),
      ...(stores.length > 0 && { stores }),
      ...(world !== undefined && { world }),
      theirs: registers,
      ...(theirMemory.length > 0 && { theirMemory: theirMemory.map(hex) }),
      ...(removed.length > 0 && { theirMemoryLeft: removed.map(hex) }),
    };
  });
  return {
    method: companion === undefined ? 'followed' : 'compared',
    initial: initialState(shown, steps),
    steps,
    blamed: blamed < 0 ? -1 : blamed - first,
    leftOut: { before: first, behind: told.length - first - shown.length },
  };
}

/** Where more is known than is shown, three quarters of it lie before the blamed step. */
function firstShown(count: number, blamed: number): number {
  if (count <= MOST_STEPS) return 0;
  const centre = blamed < 0 ? 0 : blamed - (MOST_STEPS * 3) / 4;
  return Math.max(0, Math.min(count - MOST_STEPS, centre));
}

function changes(before: Int32Array, after: Int32Array): NamedValue[] {
  return stateChanges(before, after).map(({ name, now }) => [name, hex(now)]);
}

/** Below this a number is no address. */
const LEAST_ADDRESS = 0x10000n;

function wordedChanges(
  before: Int32Array,
  after: Int32Array,
  words: ToldStep['words'],
  addressName: Told['addressName'],
): WordedValue[] {
  return stateChanges(before, after).map(({ name, old, now }) => {
    if (name === 'rflags') return wordedValue(name, now, flagChanges(lowHalf(old), lowHalf(now)));
    const word = words?.[name] ?? (now >= LEAST_ADDRESS && isGeneral(name) ? addressName(now, 'pointer') : undefined);
    return wordedValue(name, now, word);
  });
}

function initialState(shown: readonly ToldStep[], steps: readonly TraceStep[]): NamedValue[] {
  if (shown.length === 0) return [];
  const { before } = shown[0].step;
  const changing = new Set(
    steps.flatMap(({ changed, between = [] }) => [...between, ...changed].map(([name]) => name)),
  );
  return STATE_PARTS.filter(({ name }) => isGeneral(name) || changing.has(name)).map(({ name, slot }) => [
    name,
    hex(readHalves(before, 2 * slot)),
  ]);
}

function isGeneral(name: string): boolean {
  return name === 'rflags' || REGISTER_NAMES.some((register) => register === name);
}

function accesses({ events }: Step, kinds: readonly number[], addressName: Told['addressName']): MemoryAccess[] {
  const found: MemoryAccess[] = [];
  for (let at = 0; at < events.length; at += EVENT_WORDS) {
    if (!kinds.includes(events[at + EVENT_WORD.KIND])) continue;
    const address = readHalves(events, at + EVENT_WORD.ADDRESS_LOW);
    const where = addressName(address);
    const value = readHalves(events, at + EVENT_WORD.VALUE_LOW);
    const word = value >= LEAST_ADDRESS ? addressName(value, 'pointer') : undefined;
    found.push({
      address: hex(address),
      ...(where !== undefined && { where }),
      value: hex(value),
      ...(word !== undefined && { word }),
      bytes: events[at + EVENT_WORD.SIZE] & 0xff,
    });
  }
  return found;
}

/**
 * A case: a list of steps that happen one after the other. A step is an action with named 64-bit slots, kept as flat words.
 * A case of a single function has one step, the call.
 */
import { joinHalves, readHalves, writeHalves } from '../halves.js';
import type { StreamWords } from './drawn-arbitrary.js';

/** What a slot is to the code under test. */
export type Role =
  /** Not part of this contract: always neutral, never drawn. */
  | 'unused'
  /** The code reads it: a flag, a leaf, a plain value, a field that becomes an input. */
  | 'argument'
  /** The code has no business with it. */
  | 'secret'
  /** What the host, the module or userspace answers. */
  | 'answer'
  /** Placement, configuration, faults. */
  | 'control';

/** One 64-bit value of an action. */
export interface Slot {
  readonly name: string;
  /** For people: what the value is. */
  readonly meaning: string;
  /** What a value is called; undefined for one that has no name. Absent: no value has. */
  readonly word?: ((value: bigint) => string | undefined) | undefined;
  readonly role: Role;
  /** What it is when nothing is said about it, and what shrinking tries first. */
  readonly neutral: bigint;
  /** Whether the code looks into it, so that fewer bits set are a simpler value: a smaller secret is not a simpler one. */
  readonly isInterpreted: boolean;
  /** What else a value may be; asked for by experiments alone. */
  readonly range: (value: bigint) => SlotRange;
}

/** What a value of a slot may be. */
export interface SlotRange {
  /** The bits that mean anything; no other is changed. */
  readonly bits: bigint;
  /** Constants worth trying. */
  readonly known: readonly bigint[];
  /** Whether it is a value of which there are few, and this is one of them; true where any value will do. */
  readonly isOne: (value: bigint) => boolean;
}

/** Something that can happen in a case. */
export interface Action {
  readonly name: string;
  /** The step as a sentence, `{slot}` stands for a value: `vCPU {vcpu} exits`. */
  readonly sentence: string;
  /** In the order of a step's words. */
  readonly slots: readonly Slot[];
}

/** One step: two halves a slot, the lower one first, in the order of the action's slots. */
export interface Step {
  readonly action: string;
  readonly words: Int32Array;
}

export type Case = readonly Step[];

/** The cases of one target. */
export interface CaseSpace {
  readonly actions: readonly Action[];
  /** Steps of a case that is drawn. A shrunken one has at least one. */
  readonly steps: { readonly least: number; readonly most: number };
  /**
   * Shows the first `count` cases of the stream that four words start.
   *
   * @param visit gets each case in the same place: it must copy what it keeps, and draw none of this space itself
   */
  readonly each: (words: StreamWords, count: number, visit: (drawn: Case, index: number) => void) => void;
  /** Whether a step is one that the code is to answer for, whatever bits its values are made of. */
  readonly isFair: (step: Step) => boolean;
  /** Slots of the action that must come from one draw with this one, itself included: their values depend on each other. */
  readonly together: (action: string, slot: number) => readonly number[];
  /** Whether a value that is neutral is worth an experiment: one that nothing looks at in this step is not. */
  readonly isExamined: (step: Step, slot: number) => boolean;
}

/** @throws RangeError if the space has no such action: a case from outside is checked before it gets here */
export function actionOf({ actions }: Pick<CaseSpace, 'actions'>, name: string): Action {
  const found = actions.find((action) => action.name === name);
  if (found === undefined) throw new RangeError(`no action ${name}`);
  return found;
}

/** An action with its values, those that are not given neutral. */
export function stepOf({ name, slots }: Action, values: Readonly<Record<string, bigint>> = {}): Step {
  const words = new Int32Array(2 * slots.length);
  slots.forEach((slot, index) => writeHalves(words, 2 * index, values[slot.name] ?? slot.neutral));
  return { action: name, words };
}

/** A case in a place of its own. */
export function copyCase(original: Case): Case {
  return original.map(({ action, words }) => ({ action, words: words.slice() }));
}

/** The value of a slot, unsigned. */
export function slotOf({ words }: Step, slot: number): bigint {
  return readHalves(words, 2 * slot);
}

/** A step with one value in place of another. */
export function withSlot({ action, words }: Step, slot: number, value: bigint): Step {
  const changed = words.slice();
  writeHalves(changed, 2 * slot, value);
  return { action, words: changed };
}

/** A value of a case: which step, which slot of its action. */
export interface Position {
  readonly step: number;
  readonly slot: number;
}

/** The values that differ from neutral, in order. */
export function differing(space: Pick<CaseSpace, 'actions'>, given: Case): Position[] {
  return given.flatMap(({ action, words }, step) =>
    actionOf(space, action).slots.flatMap(({ neutral }, slot) =>
      joinHalves(words[2 * slot], words[2 * slot + 1]) === neutral ? [] : [{ step, slot }],
    ),
  );
}

/** What the values of these names are called, as `positionName` has them; nothing of those that have no name. */
export function wordsOf(space: CaseSpace, given: Case, names: readonly string[]): Record<string, string> {
  const wanted = new Set(names);
  return Object.fromEntries(
    given.flatMap((told, step) =>
      actionOf(space, told.action).slots.flatMap(({ word }, slot) => {
        const name = positionName(space, given, { step, slot });
        const called = wanted.has(name) ? word?.(slotOf(told, slot)) : undefined;
        return called === undefined ? [] : [[name, called]];
      }),
    ),
  );
}

/** The name of a value: where a case can have several steps, with the number of its step, from 1. */
export function positionName(space: CaseSpace, given: Case, { step, slot }: Position): string {
  const { name } = actionOf(space, given[step].action).slots[slot];
  return space.steps.most > 1 ? `${step + 1}.${name}` : name;
}

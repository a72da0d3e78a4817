/**
 * A story: the case of a program, a list of steps that happen one after the other. Every step is an action with named
 * 64-bit values, so that a story can be stored as it is, shrunk value by value, and read.
 */
import type { ExchangeWords, SlotWords } from '../../models/exchange/words.js';
import type { Role } from '../case/case.js';
import type { Dice } from '../case/dice.js';

/** One step. All slots of its action are there. */
export interface StoryStep {
  readonly action: string;
  readonly values: Readonly<Record<string, bigint>>;
}

export type Story = readonly StoryStep[];

/** One value of an action. */
export interface StorySlot {
  /** What it is when nothing is said about it, and what shrinking tries first. */
  readonly neutral: bigint;
  /** For people: what the value is. */
  readonly meaning: string;
  readonly draw: (dice: Dice) => bigint;
  /** What it is to the code; an argument if not given. */
  readonly role?: Role;
  /** What its values are called; numbers alone if not given. */
  readonly words?: SlotWords;
}

/** A slot whose values have names. */
export function speaking(words: SlotWords, slot: StorySlot): StorySlot {
  return { ...slot, words };
}

/** Something that can happen in a story. */
export interface StoryAction {
  readonly name: string;
  /** The step as a sentence, `{slot}` stands for a value: `vCPU {vcpu} exits`. */
  readonly sentence: string;
  readonly slots: Readonly<Record<string, StorySlot>>;
  /** How often it is drawn, beside the others; 1 if not given. */
  readonly weight?: number;
}

/** The stories of one program. */
export interface StorySpace {
  readonly actions: readonly StoryAction[];
  /** Steps of a story that is drawn. A shrunken one has at least one. */
  readonly steps: { readonly least: number; readonly most: number };
  /** What values of exchanges are called. */
  readonly words?: ExchangeWords;
}

/** @throws RangeError if the space has no such action: a story from outside is checked before it gets here */
export function actionOf(space: StorySpace, name: string): StoryAction {
  const found = space.actions.find((action) => action.name === name);
  if (found === undefined) throw new RangeError(`no action ${name}`);
  return found;
}

/** An action with its values, those that are not given neutral. */
export function stepOf(action: StoryAction, values: Readonly<Record<string, bigint>> = {}): StoryStep {
  const slots = Object.entries(action.slots).map(([name, { neutral }]) => [name, values[name] ?? neutral]);
  return { action: action.name, values: Object.fromEntries(slots) as Record<string, bigint> };
}

/** The values of a step that differ from neutral. */
export function differingValues(space: StorySpace, { action, values }: StoryStep): [string, bigint][] {
  const { slots } = actionOf(space, action);
  return Object.entries(slots).flatMap(([name, { neutral }]) =>
    values[name] === undefined || values[name] === neutral ? [] : [[name, values[name]]],
  );
}

const WORD = (1n << 64n) - 1n;

/** A draw that leaves 64 bits is a defect of the program: the case file could not be read again. */
export function checked(name: string, value: bigint): bigint {
  if (value < 0n || value > WORD) throw new RangeError(`the draw of ${name} is no unsigned 64-bit value`);
  return value;
}

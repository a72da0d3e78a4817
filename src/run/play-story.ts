/** A play told step by step: what each step was, what the code asked in it, what of that is worth a word. */
import { type Expectation, meets } from '../../models/exchange/exchange.js';
import { slotWord } from '../../models/exchange/words.js';
import type { Entry } from '../play/play.js';
import { actionOf, differingValues, type StorySpace, type StoryStep } from '../story/story.js';
import { worded } from '../text/worded.js';
import { valueText } from './play-comparison.js';

/** The step as a sentence, with every value that differs from neutral. */
export function stepSentence(step: StoryStep, space: StorySpace): string {
  const { sentence: pattern, slots } = actionOf(space, step.action);
  const told = (name: string, value: bigint): string => worded(valueText(value), slotWord(slots[name]?.words, value));
  const named = new Set<string>();
  const text = pattern.replaceAll(/\{([^}]+)\}/g, (whole, name: string) => {
    const value = step.values[name];
    if (value === undefined) return whole;
    named.add(name);
    return told(name, value);
  });
  const others = differingValues(space, step).filter(([name]) => !named.has(name));
  return others.length === 0
    ? text
    : `${text}, with ${others.map(([name, value]) => `${name}=${told(name, value)}`).join(' ')}`;
}

/**
 * Whether a value of an entry is shown: what is as it was at the entry of the function is worth a word only where that
 * is wrong.
 */
export function isShown(name: string, { observed, expected }: Entry, wrong: ReadonlySet<string>): boolean {
  if (wrong.has(name)) return true;
  if (observed?.kept !== undefined && Object.hasOwn(observed.kept, name)) return false;
  if (observed?.before !== undefined && Object.hasOwn(observed.before, name))
    return observed.before[name] !== observed.values[name];
  return (observed?.values[name] ?? 0n) !== 0n || (expected !== undefined && isAsked(expected.values, name));
}

function isAsked(values: Readonly<Record<string, Expectation>>, name: string): boolean {
  const expected = values[name];
  return expected !== undefined && !meets(0n, expected);
}

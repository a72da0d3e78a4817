/** What was expected and what was found where a play went wrong, as a person says it. */
import type { Expectation } from '../../models/exchange/exchange.js';
import { answerMoment, exchangeWord, type ExchangeWords, type Telling } from '../../models/exchange/words.js';
import { type Entry, isTogether, type Play } from '../play/play.js';
import type { JudgedExchangeClause } from '../play/play-judge.js';
import { hex } from '../text/hex.js';
import { worded } from '../text/worded.js';

/** @param story of the entry, with the words that its program has for values */
export function comparePlay(
  { clause }: JudgedExchangeClause,
  entry: Entry,
  story: Play['story'],
  words: ExchangeWords | undefined,
): { expected: string; actual: string } {
  const { observed, expected } = entry;
  if (clause.kind === 'agrees' && isTogether(entry)) {
    const { name, moment } = clause;
    const telling = tellingOf(entry, story, words);
    const value = entry.observed.values[name] ?? 0n;
    const must = entry.expected.values[name];
    return {
      expected: `${name} of ${moment} = ${expectationText(must, (one) => exchangeWord(telling, name, one))}`,
      actual: worded(valueText(value), exchangeWord(telling, name, value) ?? addressWord(entry, value)),
    };
  }
  return { expected: expected?.moment ?? 'nothing more', actual: observed?.moment ?? 'nothing more' };
}

/** Below this a number is no address. */
export const LEAST_ADDRESS = 0x10000n;

/** What lies at a value that is an address. */
function addressWord({ observed }: Entry, value: bigint): string | undefined {
  return value < LEAST_ADDRESS ? undefined : observed?.stage.addressName(value);
}

/** An entry as the words for its values need it. */
export function tellingOf(
  { step, observed, expected }: Entry,
  story: Play['story'],
  words: ExchangeWords | undefined,
): Telling {
  const moment = observed?.moment ?? expected?.moment ?? '';
  return { words, moment, values: observed?.values ?? {}, steps: story.slice(0, step + 1) };
}

/** The same for what the world answered. */
export function tellingOfAnswer(entry: Entry, story: Play['story'], words: ExchangeWords | undefined): Telling {
  const telling = tellingOf(entry, story, words);
  return { ...telling, moment: answerMoment(telling.moment) };
}

/** @param wordOf the word for a value */
export function expectationText(
  expected: Expectation | undefined,
  wordOf: (value: bigint) => string | undefined,
): string {
  const told = (value: bigint): string => worded(valueText(value), wordOf(value));
  if (expected === undefined) return 'anything';
  if (typeof expected === 'bigint') return told(expected);
  if ('oneOf' in expected) return [...new Set(expected.oneOf.map(told))].join(' or ');
  return `${told(expected.value)} in ${bitsText(expected.mask)}`;
}

/** `bits 31:0`; of a mask with gaps its number. */
function bitsText(mask: bigint): string {
  const low = mask.toString(2).length - 1;
  return mask === (1n << BigInt(low + 1)) - 1n ? `bits ${low}:0` : `the bits ${hex(mask)}`;
}

/** A digit where one will do. */
export function valueText(value: bigint): string {
  return value < 10n ? value.toString() : hex(value);
}

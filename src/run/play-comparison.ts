/** What was expected and what was found where a play went wrong, as a person says it. */
import type { Expectation } from '../../models/exchange/exchange.js';
import { type Entry, isTogether } from '../play/play.js';
import type { JudgedExchangeClause } from '../play/play-judge.js';
import { hex } from '../text/hex.js';

export function comparePlay({ clause }: JudgedExchangeClause, entry: Entry): { expected: string; actual: string } {
  const { observed, expected } = entry;
  if (clause.kind === 'agrees' && isTogether(entry)) {
    const { name, moment } = clause;
    return {
      expected: `${expectationText(entry.expected.values[name])} (${name} of ${moment}, as the reference has it)`,
      actual: valueText(entry.observed.values[name] ?? 0n),
    };
  }
  return { expected: expected?.moment ?? 'nothing more', actual: observed?.moment ?? 'nothing more' };
}

export function expectationText(expected: Expectation | undefined): string {
  if (expected === undefined) return 'anything';
  if (typeof expected === 'bigint') return valueText(expected);
  if ('oneOf' in expected) return [...new Set(expected.oneOf.map(valueText))].join(' or ');
  return `${valueText(expected.value)} in the bits ${hex(expected.mask)}`;
}

/** A digit where one will do. */
export function valueText(value: bigint): string {
  return value < 10n ? value.toString() : hex(value);
}

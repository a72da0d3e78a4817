/** Two results beside each other, row by row. */
import type { RunResult } from '../campaign/records/result.js';
import type { Comparison, Known, Located } from '../gate/compare.js';
import { shorten } from '../text/escape.js';
import { locatedText } from './night-lines.js';

export interface ComparedRuns {
  now: RunResult;
  base: RunResult;
  /** The folders that they are in. */
  names: { now: string; base: string };
  comparison: Comparison;
}

export interface ComparisonRow {
  state: 'new' | 'still' | 'gone';
  text: string;
}

/** New ones first. */
export function comparisonRows({ fresh, known, gone }: Comparison): ComparisonRow[] {
  const still = (one: Known): string =>
    `${locatedText(one)}${one.was === one.place ? '' : ` (there at ${shorten(one.was)})`}`;
  return [
    ...fresh.map((one: Located) => ({ state: 'new' as const, text: locatedText(one) })),
    ...known.map((one) => ({ state: 'still' as const, text: still(one) })),
    ...gone.map((one) => ({ state: 'gone' as const, text: locatedText(one) })),
  ];
}

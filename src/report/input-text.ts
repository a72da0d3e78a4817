/** "Which inputs matter" as a person reads it. */
import type { FindingResult, InputVerdict } from '../campaign/records/result.js';
import { plainTable } from './plain-table.js';

/** What the experiment said of one value, in one line: `anything but 0x0: 91 of 91 others tried fail`. */
export function verdictText({ verdict, tried, failed, note }: InputVerdict): string {
  const more = note === undefined ? '' : `; ${note}`;
  switch (verdict) {
    case 'anything':
      return `anything: all ${tried} others tried fail${more}`;
    case 'must be this':
      return tried === 0 ? `must be this${more}` : `must be this: none of ${tried} others tried fails${more}`;
    case 'must differ':
      // The neutral value is the one that does not.
      return `anything but neutral: ${failed} of ${tried - 1} others tried fail${more}`;
    case 'some values':
      return `${failed} of ${tried} others tried fail${more}`;
  }
}

/** Values named before the rest is only counted. */
const NAMED = 4;

/**
 * The neutral values of the case: a row for each that may not be anything, and one line for all that may.
 *
 * @param describe name and value as a person knows them
 * @returns no line where the experiment asked of none
 */
export function neutralInputs(
  { scenario, inputs }: Pick<FindingResult, 'scenario' | 'inputs'>,
  describe: (input: InputVerdict) => readonly [name: string, value: string],
): string[] {
  const neutral = inputs.filter(({ name }) => !Object.hasOwn(scenario, name));
  const free = neutral.filter(({ verdict }) => verdict === 'anything').map(({ name }) => name);
  const rows = neutral.filter(({ verdict }) => verdict !== 'anything');
  const lines: string[] = [];
  if (rows.length > 0) {
    const table = rows.map((input) => [...describe(input), verdictText(input)]);
    lines.push('  neutral   but not free:', plainTable(table, INDENT));
  }
  if (free.length > 0) {
    const more = free.length - NAMED;
    const named = `${free.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
    lines.push(
      `  anything  ${free.length} neutral value${free.length === 1 ? '' : 's'}, of which all others tried fail too: ${named}`,
    );
  }
  return lines;
}

/** Where rows below a heading begin. */
export const INDENT = '              ';

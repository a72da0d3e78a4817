/** Tables that fit a terminal: what is too wide is wrapped, and the names in the first column stay whole. */
import { stripVTControlCharacters } from 'node:util';
import { plainTable } from './plain-table.js';

/** Columns of a terminal that everybody has. */
export const TERMINAL = 100;
/** A column narrower than this is no text any more. */
const LEAST = 18;
/** A cell of more lines is read more easily below the name. */
const MOST_LINES = 4;
const GAP = 2;

/**
 * @param rows each with as many cells as the first
 * @param width columns of the terminal
 */
export function fittedTable(rows: readonly (readonly string[])[], width = TERMINAL, indent = '  '): string {
  if (rows.length === 0) return '';
  const natural = rows[0].map((_, column) => Math.max(...rows.map((row) => lengthOf(row[column]))));
  const [names, ...others] = natural;
  const room = width - indent.length - names - GAP * natural.length;
  if (others.reduce((sum, one) => sum + one, 0) <= room) return plainTable(rows, indent);
  const fair = shares(others, room);
  if (
    fair.every(
      (share, index) =>
        share >= wordsOf(rows, index + 1) &&
        others[index] <= MOST_LINES * share &&
        (share === others[index] || share >= LEAST),
    )
  )
    return plainTable(rows, indent, Object.fromEntries(fair.map((share, index) => [index + 1, share])));
  return rows.map((row) => block(row, width, indent)).join('\n');
}

/** Widths that fill the room: narrow columns keep theirs, wide ones share the rest alike. */
function shares(natural: readonly number[], room: number): number[] {
  const byWidth = natural.map((width, index) => ({ width, index })).sort((a, b) => a.width - b.width);
  const given: number[] = natural.map(() => 0);
  let left = room;
  for (const [at, { width, index }] of byWidth.entries()) {
    given[index] = Math.max(0, Math.min(width, Math.floor(left / (byWidth.length - at))));
    left -= given[index];
  }
  return given;
}

/** The longest word of a column, which is not to be broken. */
function wordsOf(rows: readonly (readonly string[])[], column: number): number {
  return Math.max(...rows.flatMap((row) => row[column].split(/\s+/).map(lengthOf)));
}

/** The name on a line of its own, what is said of it below: short texts beside each other. */
function block([name, ...texts]: readonly string[], width: number, indent: string): string {
  const room = width - 2 * indent.length - GAP;
  const lines: string[] = [];
  for (const text of texts.filter((one) => one !== '')) {
    const last = lines.at(-1);
    const both = last === undefined ? '' : `${last}  ${text}`;
    if (both !== '' && lengthOf(both) <= room) lines[lines.length - 1] = both;
    else lines.push(text);
  }
  const below = lines.map((text) => plainTable([[text]], `${indent}  `, lengthOf(text) > room ? { 0: room } : {}));
  return [`${indent}${name}`, ...below].join('\n');
}

function lengthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** Lines of a trace, with the blamed one marked. */
import { colours as pc } from '../text/colours.js';
import { shorten } from '../text/escape.js';
import type { Step } from '../triage/trace.js';
import { plainTable } from './plain-table.js';
import { traceLine } from './trace-lines.js';

/** Changes shown in one line. */
const CHANGES = 4;

/** The steps around the blamed one; all of them if `context` is Infinity. */
export function tracePart(
  steps: readonly Step[],
  blamed: number,
  place: (address: bigint) => string,
  context: number,
): string {
  const first = Math.max(0, blamed - context);
  const last = Math.min(steps.length - 1, blamed + context);
  const rows: string[][] = [];
  for (let index = first; index <= last; index++) {
    const line = traceLine(steps[index], index, place);
    const mark = index === blamed ? pc.red('>') : ' ';
    rows.push([mark, `${index}`, shorten(line.place), line.text, pc.dim(line.changes.slice(0, CHANGES).join('  '))]);
    for (let more = CHANGES; more < line.changes.length; more += CHANGES) {
      rows.push(['', '', '', '', pc.dim(line.changes.slice(more, more + CHANGES).join('  '))]);
    }
  }
  return plainTable(rows, '    ');
}

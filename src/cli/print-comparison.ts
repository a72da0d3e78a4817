/** `report DIR --compare OLD`: two results beside each other. */
import type { RunResult } from '../campaign/records/result.js';
import { UsageError } from '../errors.js';
import { replaceFile } from '../files.js';
import { compareResults, readResult } from '../gate/compare.js';
import { comparisonPage } from '../report/comparison-page.js';
import { type ComparedRuns, comparisonRows } from '../report/comparison-rows.js';
import { sorted } from '../report/json.js';
import { plainTable } from '../report/plain-table.js';
import { colours as pc } from '../text/colours.js';
import { shorten } from '../text/escape.js';

interface Asked {
  folder: string;
  old: string;
  format: string;
  out: string | undefined;
}

/** @throws UsageError for a format that has no comparison, and for results that cannot be read */
export function printComparison(now: RunResult, { folder, old, format, out }: Asked): void {
  const base = readResult(old);
  const compared: ComparedRuns = {
    now,
    base,
    names: { now: folder, base: old },
    comparison: compareResults(now, base),
  };
  const text = rendered(format, compared);
  if (out === undefined) process.stdout.write(text);
  else {
    replaceFile(out, text);
    process.stderr.write(`${shorten(out)} written\n`);
  }
}

function rendered(format: string, compared: ComparedRuns): string {
  switch (format) {
    case 'table':
      return table(compared);
    case 'json': {
      const { comparison, names } = compared;
      return `${JSON.stringify(sorted({ schema: 'tdxfuzz/comparison/1', ...names, ...comparison }), null, 2)}\n`;
    }
    case 'html':
      return comparisonPage(compared);
    default:
      throw new UsageError(`--format ${format}: two results are compared as table, json or html`);
  }
}

const COLOURS = { new: pc.red, still: pc.yellow, gone: pc.green } as const;

function table(compared: ComparedRuns): string {
  const { comparison, names } = compared;
  const rows = comparisonRows(comparison);
  const { fresh, known, gone, notes } = comparison;
  return [
    ...(rows.length === 0
      ? []
      : [
          plainTable(
            rows.map(({ state, text }) => [COLOURS[state](state), text]),
            '',
          ),
          '',
        ]),
    ...notes.map((note) => `note: ${note}`),
    `${shorten(names.now)} beside ${shorten(names.base)}: ${fresh.length} new, ${known.length} still, ${gone.length} gone`,
    '',
  ].join('\n');
}

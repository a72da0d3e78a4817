import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { parseListings } from '../campaign/traces/listing.js';
import type { RunResult } from '../campaign/records/result.js';
import { UsageError } from '../errors.js';
import { readText, replaceFile } from '../files.js';
import { readResult } from '../gate/compare.js';
import { FORMATS, type FormatName } from '../report/formats.js';
import { renderHtml } from '../report/html/render.js';
import { requirementRows } from '../requirements/rows.js';
import { shorten } from '../text/escape.js';
import { LISTINGS } from './claim-folder.js';
import { replayCommandLine } from './findings.js';
import { render } from './format-option.js';
import { printComparison } from './print-comparison.js';
import { printResult } from './print-result.js';

const NAMES = ['table', 'html', ...(Object.keys(FORMATS) as FormatName[])] as const;

interface ReportFlags {
  format: (typeof NAMES)[number];
  out?: string;
  requirements: boolean;
  compare?: string;
}

const LARGEST_LISTINGS = 256 * 1024 * 1024;
/** Cases of each built-in target from which the page of requirements is counted: enough for every clause that is checked at all. */
const REQUIREMENT_CASES = 200;

export function reportCommand(): Command {
  return new Command('report')
    .description('render the result of a run again')
    .argument('<DIR>', 'a folder that fuzz --out, gate --out, merge or nightly wrote')
    .addOption(new Option('--format <F>', 'which report').choices(NAMES).default('table'))
    .option('--out <FILE>', 'where it goes (default: standard output)')
    .option('--compare <OLD>', 'what is new beside the result in this folder, what still stands, and what is gone')
    .option('--no-requirements', 'HTML without the page of the clauses of the ABI, which takes some seconds')
    .action((folder: string, flags: ReportFlags) => {
      report(folder, flags);
    });
}

function report(folder: string, flags: ReportFlags): void {
  const { format, out, requirements } = flags;
  const result = readResult(folder);
  if (flags.compare !== undefined) {
    printComparison(result, { folder, old: flags.compare, format, out });
    return;
  }
  if (format === 'table') {
    if (out !== undefined) throw new UsageError('--out: a table goes to standard output; name another --format');
    printResult(result, folder, {});
    return;
  }
  const text = format === 'html' ? html(result, folder, requirements) : render(format, result, folder);
  if (out === undefined) process.stdout.write(text);
  else {
    replaceFile(out, text);
    process.stderr.write(`${shorten(out)} written\n`);
  }
}

function html(result: RunResult, folder: string, requirements: boolean): string {
  const path = join(folder, LISTINGS);
  const hint = 'run fuzz, gate or nightly again: they write it beside the result';
  if (!existsSync(path)) throw new UsageError(`${shorten(path)}: no such file; ${hint}`);
  return renderHtml({
    result,
    listings: parseListings(readText(path, LARGEST_LISTINGS, hint), path),
    replay: (finding) => replayCommandLine(finding, folder),
    ...(requirements && { requirements: requirementRows({ cases: REQUIREMENT_CASES }) }),
  });
}

/** How a result is printed: the option, and the printing. */
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { gapOf, noVerdict, type RunResult } from '../campaign/records/result.js';
import { shorten } from '../text/escape.js';
import { FORMATS, type FormatName } from '../report/formats.js';
import { replayCommandLine } from './findings.js';
import { printResult } from './print-result.js';
import { FINDINGS } from './settle-findings.js';

export type Format = 'table' | FormatName;
const NAMES: readonly Format[] = ['table', ...(Object.keys(FORMATS) as FormatName[])];

export function withFormat(command: Command): Command {
  return command.addOption(new Option('--format <F>', 'how to print the result').choices(NAMES).default('table'));
}

/** @param out the folder that holds the result, for the command lines that it names */
export function printAs(format: Format, result: RunResult, out: string | undefined, more: PrintOptions = {}): void {
  if (format !== 'table') process.stdout.write(render(format, result, out));
  else printResult(result, out, more);
  tellGaps(format, result);
}

/** Tells on stderr what was not judged, and beside a format that programs read what the run lacks. */
export function tellGaps(format: Format, result: RunResult): void {
  const tell = (text: string): void => void process.stderr.write(`tdxfuzz: ${text}\n`);
  const gap = gapOf(result);
  if (gap !== undefined && format !== 'table') tell(gap);
  for (const target of result.result.targets) {
    // Where something was not done, that is why nothing was evaluated.
    const why = gap === undefined ? noVerdict(target) : target.problem;
    if (why !== undefined) tell(`${target.image}: ${shorten(target.target)}: no verdict: ${why}`);
  }
}

/** A result in a format of its own, with paths as they are named from the present folder. */
export function render(format: FormatName, result: RunResult, out: string | undefined): string {
  return FORMATS[format](result, {
    replay: (finding) => replayCommandLine(finding, out),
    folder: resolve('.'),
    ...(out !== undefined && { findings: join(out, FINDINGS) }),
  });
}

export interface PrintOptions {
  /** What the user should know of the selection of targets. */
  notes?: readonly string[];
  /** A table for each target: every property. */
  verbose?: boolean;
  /** Cases per class. */
  classes?: boolean;
  /** The result is that of one run with a seed and a number of cases, which can be repeated so; true if not given. */
  isOneRun?: boolean;
}

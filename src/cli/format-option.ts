/** How a result is printed: the option, and the printing. */
import { type Command, Option } from 'commander';
import type { RunResult } from '../campaign/result.js';
import { resultJson } from '../report/json.js';
import { printResult } from './print-result.js';

const NAMES = ['table', 'json'] as const;
export type Format = (typeof NAMES)[number];

export function withFormat(command: Command): Command {
  return command.addOption(new Option('--format <F>', 'how to print the result').choices(NAMES).default('table'));
}

/** @param out the folder that holds the result, for the command lines that it names */
export function printAs(format: Format, result: RunResult, out: string | undefined, more: PrintOptions = {}): void {
  if (format === 'json') process.stdout.write(resultJson(result));
  else printResult(result, out, more);
  for (const { target, image, problem } of result.result.targets)
    if (problem !== undefined) process.stderr.write(`tdxfuzz: ${image}: ${target}: no verdict: ${problem}\n`);
}

export interface PrintOptions {
  /** What the user should know of the selection of targets. */
  notes?: readonly string[];
  /** Cases per class. */
  classes?: boolean;
  /** The result is that of one run with a seed and a number of cases, which can be repeated so; true if not given. */
  isOneRun?: boolean;
}

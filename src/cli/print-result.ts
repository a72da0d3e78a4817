/** Prints the result of a run for people: what `fuzz` and `gate` have in common. */
import { relative } from 'node:path';
import { type FindingResult, gapOf, type RunResult } from '../campaign/records/result.js';
import { summary, targetTable } from '../report/terminal.js';
import { colours as pc } from '../text/colours.js';
import { shorten } from '../text/escape.js';
import { describeFinding, replayCommandLine } from './findings.js';
import type { PrintOptions } from './format-option.js';

/** Findings printed in full; the rest is in the result's folder. */
export const IN_FULL = 10;

/** What `fuzz` prints of a run: a table per target, findings in full, notes, totals. */
export function printResult(
  result: RunResult,
  out: string | undefined,
  { notes = [], classes = false, isOneRun = true }: PrintOptions,
): void {
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const gap = gapOf(result);
  if (gap !== undefined) print(`${pc.yellow(gap)}\n`);
  for (const target of result.result.targets) print(`${targetTable(target, classes)}\n`);
  let number = 0;
  const open = ({ accepted }: FindingResult): boolean => accepted === undefined;
  const total = result.result.targets.reduce((sum, { findings }) => sum + findings.filter(open).length, 0);
  for (const target of result.result.targets) {
    for (const { property, slot, place, accepted } of target.findings)
      if (accepted !== undefined) print(`accepted: ${property}: ${slot} at ${shorten(place)}: ${accepted.reason}`);
    const findings = target.findings.filter(open);
    for (const finding of findings) {
      const title = `finding ${++number} of ${total}`;
      if (number <= IN_FULL) print(`${describeFinding(finding, replayCommandLine(finding, out)).text(title)}\n`);
      else print(`${title}: ${finding.property}: ${finding.slot} at ${shorten(finding.place)}`);
    }
  }
  for (const note of notes) print(`note: ${note}`);
  print(summary(result, isOneRun));
  if (out !== undefined) print(`results in ${relative('.', out) || out}`);
}

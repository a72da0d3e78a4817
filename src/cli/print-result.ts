/** Prints the result of a run for people: what `fuzz` and `gate` have in common. */
import { relative } from 'node:path';
import { causesOfTarget, gapOf, type RunResult } from '../campaign/records/result.js';
import { nightLines } from '../report/night-lines.js';
import { summary, targetTable } from '../report/terminal.js';
import { colours as pc } from '../text/colours.js';
import { shorten } from '../text/escape.js';
import { titleWithCaller } from '../report/finding-lines.js';
import { findingText } from '../report/finding-text.js';
import { replayCommandLine } from './findings.js';
import type { PrintOptions } from './format-option.js';
import { emptyClasses, targetNotes, targetRows } from './target-rows.js';

/** Findings printed in full; the rest is in the result's folder. */
export const IN_FULL = 10;

/** What `fuzz` prints of a run: a line per target (a table if asked), findings in full, notes, totals. */
export function printResult(
  result: RunResult,
  out: string | undefined,
  { notes = [], verbose = false, classes = false, again }: Omit<PrintOptions, 'listings'>,
): void {
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const gap = gapOf(result);
  if (gap !== undefined) print(`${pc.yellow(gap)}\n`);
  const { targets } = result.result;
  if (verbose || classes) for (const target of targets) print(`${targetTable(target, classes)}\n`);
  else print(`${targetRows(targets)}\n`);
  const causes = targets.map((target) => ({ target, causes: causesOfTarget(target) }));
  const total = causes.flatMap((one) => one.causes).filter(({ isAccepted }) => !isAccepted).length;
  let number = 0;
  for (const { target, causes: own } of causes) {
    for (const finding of target.findings)
      if (finding.accepted !== undefined) print(`accepted: ${titleWithCaller(finding)}: ${finding.accepted.reason}`);
    if (target.hint !== undefined) print(`${shorten(target.target)}: ${target.hint.text}\n`);
    for (const cause of own) {
      if (cause.isAccepted) continue;
      const { finding } = cause;
      const title = `finding ${++number} of ${total}`;
      if (number <= IN_FULL)
        print(`${findingText(finding, { title, replay: replayCommandLine(finding, out), also: cause })}\n`);
      else print(`${title}: ${titleWithCaller(finding)}`);
    }
  }
  for (const line of nightLines(result)) print(line);
  for (const note of [...notes, ...targets.flatMap(targetNotes), ...emptyClasses(targets)]) print(`note: ${note}`);
  print(summary(result, again));
  if (out !== undefined) print(`results in ${relative('.', out) || out}`);
}

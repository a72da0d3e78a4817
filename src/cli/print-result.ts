/** Prints the result of a run for people: what `fuzz` and `gate` have in common. */
import { join, relative } from 'node:path';
import type { FindingResult, RunResult } from '../campaign/result.js';
import type { Selection } from '../campaign/select-targets.js';
import { accountOf } from '../campaign/subject.js';
import { type AnyTarget, createPlayRunner, createRunner, isProgram } from '../campaign/target.js';
import { storyOf } from '../case/play-case.js';
import { scenarioOf } from '../case/scenario-of.js';
import { caseName } from '../case/write-case.js';
import { packageRoot } from '../package-info.js';
import { playFindingText } from '../report/play-text.js';
import { findingText, summary, targetTable } from '../report/terminal.js';
import { shorten } from '../text/escape.js';
import { accountFor } from '../triage/account.js';
import { accountForStory } from '../triage/play-account.js';

/** Findings printed in full; the rest is in the result's folder. */
export const IN_FULL = 10;

/** What `fuzz` prints of a run: a table per target, findings in full, notes, totals. */
export function printResult(
  result: RunResult,
  { targets, notes }: Selection,
  out: string | undefined,
  classes: boolean,
): void {
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  for (const target of result.result.targets) print(`${targetTable(target, classes)}\n`);
  let number = 0;
  const open = ({ accepted }: FindingResult): boolean => accepted === undefined;
  const total = result.result.targets.reduce((sum, { findings }) => sum + findings.filter(open).length, 0);
  result.result.targets.forEach((target, index) => {
    for (const { property, slot, place, accepted } of target.findings)
      if (accepted !== undefined) print(`accepted: ${property}: ${slot} at ${shorten(place)}: ${accepted.reason}`);
    const findings = target.findings.filter(open);
    if (findings.length === 0) return;
    const describe = describer(targets[index]);
    for (const finding of findings) {
      const title = `finding ${++number} of ${total}`;
      if (number <= IN_FULL) print(`${describe(finding, replayCommandLine(finding, out), title)}\n`);
      else print(`${title}: ${finding.property}: ${finding.slot} at ${shorten(finding.place)}`);
    }
  });
  for (const note of notes) print(`note: ${note}`);
  print(summary(result));
  if (out !== undefined) print(`results in ${relative('.', out) || out}`);
}

/** The command that repeats a finding. @param out the folder of the results that its case is in */
export function replayCommandLine(finding: FindingResult, out: string | undefined): string {
  const path = join(out ?? '.', 'cases', caseName(finding.case));
  return `${process.cwd() === packageRoot() ? 'npm run -s tdxfuzz -- replay' : 'tdxfuzz replay'} ${path}`;
}

export type Describe = (finding: FindingResult, replay: string, title: string) => string;

/** Runs findings of one target again and says what happened. */
export function describer(target: AnyTarget): Describe {
  if (isProgram(target)) {
    const runner = createPlayRunner(target);
    return (finding, replay, title) => {
      const account = accountOf(accountForStory(runner, storyOf(finding.case, runner.space)), finding);
      return playFindingText({ account, hits: finding.hits }, runner, replay, title);
    };
  }
  const runner = createRunner(target);
  return (finding, replay, title) => {
    const account = accountOf(accountFor(runner, scenarioOf(finding.case, runner.space.neutral)), finding);
    return findingText(finding, account, runner, replay, title);
  };
}

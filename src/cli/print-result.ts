/** Prints the result of a run for people: what `fuzz` and `gate` have in common. */
import { join, relative } from 'node:path';
import type { FindingResult, RunResult } from '../campaign/result.js';
import { accountOf } from '../campaign/subject.js';
import { createPlayRunner, createRunner, isProgram, targetOf } from '../campaign/target.js';
import { caseImage } from '../case/case-image.js';
import { storyOf } from '../case/play-case.js';
import { scenarioOf } from '../case/scenario-of.js';
import { caseName } from '../case/write-case.js';
import { packageRoot } from '../package-info.js';
import { playFindingText } from '../report/play-text.js';
import { findingText, summary, targetTable } from '../report/terminal.js';
import { shorten } from '../text/escape.js';
import { accountFor } from '../triage/account.js';
import { accountForStory } from '../triage/play-account.js';
import type { PrintOptions } from './format-option.js';

/** Findings printed in full; the rest is in the result's folder. */
const IN_FULL = 10;

/** What `fuzz` prints of a run: a table per target, findings in full, notes, totals. */
export function printResult(
  result: RunResult,
  out: string | undefined,
  { notes = [], classes = false, isOneRun = true }: PrintOptions,
): void {
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  for (const target of result.result.targets) print(`${targetTable(target, classes)}\n`);
  let number = 0;
  const total = result.result.targets.reduce((sum, { findings }) => sum + findings.length, 0);
  for (const { findings } of result.result.targets) {
    for (const finding of findings) {
      const title = `finding ${++number} of ${total}`;
      if (number <= IN_FULL) print(`${describeFinding(finding, replayCommandLine(finding, out), title)}\n`);
      else print(`${title}: ${finding.property}: ${finding.slot} at ${shorten(finding.place)}`);
    }
  }
  for (const note of notes) print(`note: ${note}`);
  print(summary(result, isOneRun));
  if (out !== undefined) print(`results in ${relative('.', out) || out}`);
}

/** The command that repeats a finding. @param out the folder of the results that its case is in */
export function replayCommandLine(finding: FindingResult, out: string | undefined): string {
  const path = join(out ?? '.', 'cases', caseName(finding.case));
  return `${process.cwd() === packageRoot() ? 'npm run -s tdxfuzz -- replay' : 'tdxfuzz replay'} ${path}`;
}

/** Repeats a finding from its case alone and says what happened. */
export function describeFinding(finding: FindingResult, replay: string, title: string): string {
  const { case: file } = finding;
  const target = targetOf(file, caseImage(file, caseName(file)), file.symbol);
  if (isProgram(target)) {
    const runner = createPlayRunner(target);
    const account = accountOf(accountForStory(runner, storyOf(file, runner.space)), finding);
    return playFindingText({ account, hits: finding.hits }, runner, replay, title);
  }
  const runner = createRunner(target, file.code.size);
  const account = accountOf(accountFor(runner, scenarioOf(file, runner.space.neutral)), finding);
  return findingText(finding, account, runner, replay, title);
}

/** What the command line says of findings and writes of them: each is run again for that. */
import { join } from 'node:path';
import type { FindingResult, RunResult } from '../campaign/result.js';
import { accountOf } from '../campaign/subject.js';
import { type AnyTarget, createPlayRunner, createRunner, isProgram } from '../campaign/target.js';
import { storyOf } from '../case/play-case.js';
import { scenarioOf } from '../case/scenario-of.js';
import { findingName } from '../case/write-case.js';
import { type FolderFiles, writeFolder } from '../case/write-folder.js';
import { packageRoot } from '../package-info.js';
import { programFolder, stubFolder } from '../report/finding-folder.js';
import { playFindingText } from '../report/play-text.js';
import { findingText } from '../report/terminal.js';
import { shellQuote } from '../text/shell-quote.js';
import { accountFor } from '../triage/account.js';
import { accountForStory } from '../triage/play-account.js';

/** In the folder of a run's results. */
const FINDINGS = 'findings';

/** The command line that repeats a finding. */
export function replayCommandLine(finding: FindingResult, out: string | undefined): string {
  const path = join(out ?? '.', FINDINGS, findingName(finding.case), 'case.json');
  const tool = process.cwd() === packageRoot() ? 'npm run -s tdxfuzz -- replay' : 'tdxfuzz replay';
  return `${tool} ${shellQuote(path)}`;
}

/** One target's findings, as text and as folders. */
export interface Describer {
  text(finding: FindingResult, replay: string, title: string): string;
  folder(finding: FindingResult, replay: string): FolderFiles;
}

/** Runs findings of one target again and says what happened. */
export function describer(target: AnyTarget): Describer {
  if (isProgram(target)) {
    const runner = createPlayRunner(target);
    const account = (finding: FindingResult): ReturnType<typeof accountForStory>[number] =>
      accountOf(accountForStory(runner, storyOf(finding.case, runner.space)), finding);
    return {
      text: (finding, replay, title) => playFindingText({ account: account(finding), finding }, runner, replay, title),
      folder: (finding, replay) => programFolder(finding, runner, account(finding), replay),
    };
  }
  const runner = createRunner(target);
  const account = (finding: FindingResult): ReturnType<typeof accountFor>[number] =>
    accountOf(accountFor(runner, scenarioOf(finding.case, runner.space.neutral)), finding);
  return {
    text: (finding, replay, title) => findingText(finding, account(finding), runner, replay, title),
    folder: (finding, replay) => stubFolder(finding, runner, account(finding), replay),
  };
}

/** Writes a folder for every finding. @param targets those of the result, in its order @throws UsageError */
export function writeFindings({ result }: RunResult, targets: readonly AnyTarget[], out: string): void {
  for (const [index, { findings }] of result.targets.entries()) {
    if (findings.length === 0) continue;
    const describe = describer(targets[index]);
    for (const finding of findings)
      writeFolder(
        join(out, FINDINGS),
        findingName(finding.case),
        describe.folder(finding, replayCommandLine(finding, out)),
      );
  }
}

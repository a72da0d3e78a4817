/** What the command line says of findings and writes of them: each is run again for that. */
import { join } from 'node:path';
import type { FindingResult } from '../campaign/records/result.js';
import { accountOf, NotRepeated } from '../campaign/blocks/subject.js';
import { createPlayRunner, createRunner, isProgram, targetOf } from '../campaign/targets/target.js';
import { caseImage } from '../case/case-image.js';
import { storyOf } from '../case/play-case.js';
import { scenarioOf } from '../case/scenario-of.js';
import { findingName } from '../case/write-case.js';
import { type FolderFiles, writeFolder } from '../case/write-folder.js';
import { packageRoot } from '../package-info.js';
import { unrepeatedText } from '../report/finding-lines.js';
import { programFolder, stubFolder, unrepeatedFolder } from '../report/finding-folder.js';
import { playFindingText } from '../report/play-text.js';
import { findingText } from '../report/terminal.js';
import { UsageError } from '../errors.js';
import { shorten } from '../text/escape.js';
import { shellQuote } from '../text/shell-quote.js';
import { accountFor } from '../triage/account.js';
import { accountForStory } from '../triage/play-account.js';

/** In the folder of a run's results. */
const FINDINGS = 'findings';

/** The command line that repeats a finding. @param out the folder of the results that it is in */
export function replayCommandLine(finding: FindingResult, out: string | undefined): string {
  return `${tool('replay')} ${shellQuote(casePath(finding, out))}`;
}

/** The command line that makes a rule of a finding. */
export function acceptCommandLine(finding: FindingResult, out: string | undefined): string {
  return `${tool('accept')} ${shellQuote(casePath(finding, out))} --reason TEXT`;
}

function casePath(finding: FindingResult, out = '.'): string {
  return join(out, FINDINGS, findingName(finding.case), 'case.json');
}

function tool(command: string): string {
  return process.cwd() === packageRoot() ? `npm run -s tdxfuzz -- ${command}` : `tdxfuzz ${command}`;
}

/** A finding as text and as a folder. */
export interface Described {
  text(title: string): string;
  folder(): FolderFiles;
}

/** Repeats a finding from its case alone, if it does repeat, and says what happened. @param replay the command line that does it again */
export function describeFinding(finding: FindingResult, replay: string): Described {
  const { case: file } = finding;
  if (finding.unrepeated !== undefined)
    return {
      text: (title) => unrepeatedText(finding, replay, title),
      folder: () => unrepeatedFolder(finding, replay),
    };
  const target = targetOf(file, caseImage(file, findingName(file)), file.symbol);
  if (isProgram(target)) {
    const runner = createPlayRunner(target);
    const account = accountOf(accountForStory(runner, storyOf(file, runner.space)), finding);
    return {
      text: (title) => playFindingText({ account, finding }, runner, replay, title),
      folder: () => programFolder(finding, runner, account, replay),
    };
  }
  const runner = createRunner(target, file.code.size);
  const account = accountOf(accountFor(runner, scenarioOf(file, runner.space.neutral)), finding);
  return {
    text: (title) => findingText(finding, account, runner, replay, title),
    folder: () => stubFolder(finding, runner, account, replay),
  };
}

/**
 * For findings that were read from a folder: one that does not repeat was changed by somebody.
 *
 * @throws UsageError in place of NotRepeated
 */
export function asRead<T>(folder: string, use: () => T): T {
  try {
    return use();
  } catch (error) {
    if (!(error instanceof NotRepeated)) throw error;
    throw new UsageError(
      `${shorten(folder)}: ${shorten(error.message)}; the folder is damaged: take another copy of it`,
    );
  }
}

/** Writes a folder for a finding. @returns the path of its case @throws UsageError */
export function writeFinding(finding: FindingResult, out: string): string {
  const files = describeFinding(finding, replayCommandLine(finding, out)).folder();
  writeFolder(join(out, FINDINGS), findingName(finding.case), files);
  return casePath(finding, out);
}

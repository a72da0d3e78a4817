/** What the command line says of findings and writes of them, from their records. */
import { join } from 'node:path';
import type { CauseResult, FindingResult } from '../campaign/records/result.js';
import { findingName } from '../stored/write-case.js';
import { writeFolder } from '../stored/write-folder.js';
import { findingFolder } from '../report/finding-folder.js';
import { reproducerOf } from '../reproducer/reproducer-of.js';
import { toolLine } from './origin.js';
import { FINDINGS } from './settle-findings.js';

/** The command line that repeats a finding. @param out the folder of the results that it is in */
export function replayCommandLine(finding: FindingResult, out: string | undefined): string {
  return toolLine(['replay', casePath(finding, out)]);
}

/** The command line that makes a rule of a finding. */
export function acceptCommandLine(finding: FindingResult, out: string | undefined): string {
  return toolLine(['accept', casePath(finding, out), '--reason', 'TEXT']);
}

function casePath(finding: FindingResult, out = '.'): string {
  return join(out, FINDINGS, findingName(finding.case), 'case.json');
}

/** Writes a folder for a finding. @returns the path of its case @throws UsageError */
export function writeFinding(cause: CauseResult, out: string): string {
  const { finding } = cause;
  const files = findingFolder(cause, reproducerOf(finding), replayCommandLine(finding, out));
  writeFolder(join(out, FINDINGS), findingName(finding.case), files);
  return casePath(finding, out);
}

/**
 * Findings that an earlier run left in a folder of results. What the present run did not come upon is run once more on the
 * code at hand: what is gone moves to `fixed/`, with the run that says so; what stands stays, and is told.
 */
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunResult } from '../campaign/records/result.js';
import { UsageError } from '../errors.js';
import { makeFolders } from '../files.js';
import { accountsOf } from '../finding/account.js';
import { signatureKey } from '../finding/signature.js';
import type { AnyTarget } from '../run/target.js';
import { readCase } from '../stored/case-file.js';
import type { CaseFile } from '../stored/case-schema.js';
import { openCase } from '../stored/open-case.js';
import { findingName } from '../stored/write-case.js';
import { shorten } from '../text/escape.js';
import { verdictOf } from './replay-verdict.js';

/** In a folder of results: what the result has, what is mended, and what the run says nothing of. */
export const FINDINGS = 'findings';
const FIXED = 'fixed';
const EARLIER = 'earlier';
/** In a folder below `fixed`: which run said so. */
const RUN = 'fixed.json';

/** Names of folders that are replayed: each takes some milliseconds. */
const MOST = 1000;

type Fate = 'stands' | 'fixed' | 'earlier';

/**
 * @param targets that were run; undefined where no image is at hand
 * @returns lines for people
 * @throws UsageError if a folder cannot be moved
 */
export function settleFindings(result: RunResult, out: string, targets: readonly AnyTarget[] | undefined): string[] {
  const folder = join(out, FINDINGS);
  if (!existsSync(folder)) return [];
  const found = result.result.targets.flatMap(({ findings }) => findings);
  const present = new Set(found.map((finding) => findingName(finding.case)));
  const signatures = new Set(found.map((finding) => `${finding.case.target} ${signatureKey(finding)}`));
  const former = readdirSync(folder).filter((name) => !present.has(name));
  const count: Record<Fate, number> = { stands: 0, fixed: 0, earlier: 0 };
  for (const [index, name] of former.sort().entries()) {
    const path = join(folder, name);
    const [fate, verdict] = index < MOST ? fateOf(path, targets, signatures) : (['earlier', ''] as const);
    count[fate]++;
    if (fate !== 'stands') move(path, join(out, fate), name);
    if (fate === 'fixed') writeFileSync(join(out, FIXED, name, RUN), `${JSON.stringify(runOf(result, verdict))}\n`);
  }
  return told(count, out);
}

/** A folder that is no finding, or that nothing can be said of, is out of the way too. */
function fateOf(
  path: string,
  targets: readonly AnyTarget[] | undefined,
  signatures: ReadonlySet<string>,
): readonly [Fate, string] {
  try {
    const file = readCase(path);
    const target = targets?.find(({ name }) => name === file.target);
    // The same finding by another case, of another build.
    const known = file.expect !== null && signatures.has(`${file.target} ${signatureKey(file.expect)}`);
    if (target === undefined || known) return ['earlier', ''];
    const verdict = replayed(file, path, target);
    if (verdict === undefined) return ['earlier', ''];
    return [verdict === 'still broken' ? 'stands' : 'fixed', verdict];
  } catch (error) {
    if (error instanceof UsageError) return ['earlier', ''];
    throw error;
  }
}

/** @returns undefined where there is no verdict */
function replayed(file: CaseFile, path: string, { image, symbol }: AnyTarget): string | undefined {
  const { runner, values } = openCase(file, path, { image, symbol });
  const accounts = accountsOf(runner, values);
  return runner.problem === '' ? verdictOf(file, accounts, true, runner.reached, false) : undefined;
}

function move(path: string, parent: string, name: string): void {
  const to = join(parent, name);
  try {
    makeFolders(parent);
    rmSync(to, { recursive: true, force: true });
    renameSync(path, to);
  } catch (error) {
    const { code = 'error' } = error as NodeJS.ErrnoException;
    throw new UsageError(`${shorten(path)}: cannot be moved to ${shorten(parent)} (${code}); move it yourself`);
  }
}

function runOf({ result: { tool, seed } }: RunResult, verdict: string) {
  return { schema: 'tdxfuzz/fixed/1', verdict, tool, seed, date: new Date().toISOString() };
}

function told(count: Readonly<Record<Fate, number>>, out: string): string[] {
  const folders = (number: number): string => `${number} finding${number === 1 ? '' : 's'} of earlier runs`;
  return [
    ...(count.stands > 0
      ? [
          `${folders(count.stands)} in ${shorten(join(out, FINDINGS))} still broken, though this run did not come upon them`,
        ]
      : []),
    ...(count.fixed > 0 ? [`${folders(count.fixed)} gone: moved to ${shorten(join(out, FIXED))}`] : []),
    ...(count.earlier > 0
      ? [`${folders(count.earlier)} that this one says nothing of: moved to ${shorten(join(out, EARLIER))}`]
      : []),
  ];
}

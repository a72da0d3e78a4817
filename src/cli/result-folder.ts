/** The folder that results go to: made before a long run, filled after it. */
import { accessSync, constants, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listingsOf } from '../campaign/traces/listing.js';
import { causesOfTarget, type RunResult } from '../campaign/records/result.js';
import type { AnyTarget } from '../run/target.js';
import { UsageError } from '../errors.js';
import { makeFolders } from '../files.js';
import { sourceLine } from '../image/line-table.js';
import { packageRoot } from '../package-info.js';
import { resultJson } from '../report/json.js';
import { shorten } from '../text/escape.js';
import { writeFinding } from './findings.js';

/**
 * The folder for results, made before a long run rather than after it.
 *
 * @param option that named it, for messages
 * @throws UsageError if nothing can be written there
 */
export function prepareOut(folder: string, option = '--out'): void {
  try {
    makeFolders(folder);
    if (!existsSync(join(folder, '.gitignore'))) writeFileSync(join(folder, '.gitignore'), '*\n');
    else accessSync(folder, constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `${option} ${shorten(folder)}: cannot write there (${code ?? 'error'}); name a folder that you can write to`,
    );
  }
}

/** The code that was run, for reports. */
export const LISTINGS = 'listings.json';

/**
 * Results are written when there is something to keep, or when the user named a folder.
 *
 * @param listings as text; undefined where no image is at hand
 * @returns the folder, or undefined
 */
export function writeResults(
  result: RunResult,
  asked: string | undefined,
  listings: string | undefined,
): string | undefined {
  const found = result.result.targets.some(({ findings }) => findings.length > 0);
  if (asked === undefined && !found) return undefined;
  const out = asked ?? defaultOut();
  prepareOut(out);
  result.run.out = out;
  try {
    if (listings !== undefined) writeFileSync(join(out, LISTINGS), listings);
    writeFileSync(join(out, 'result.json'), resultJson(result));
  } catch (error) {
    throw new UsageError(`--out ${shorten(out)}: cannot write the result: ${(error as Error).message}`);
  }
  for (const cause of result.result.targets.flatMap(causesOfTarget)) writeFinding(cause, out);
  return out;
}

/** What the targets of a result are made of. */
export function listingsText(targets: readonly AnyTarget[], result: RunResult): string {
  return `${JSON.stringify(listingsOf(targets, result, sourceLine))}\n`;
}

/** In the project's own checkout results go under reports/, elsewhere into a folder of their own. */
function defaultOut(): string {
  return process.cwd() === packageRoot() ? 'reports/out' : 'tdxfuzz-out';
}

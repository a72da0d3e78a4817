/** What of a result is kept, and in which folder. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { listingsOf } from '../campaign/traces/listing.js';
import { causesOfTarget, type RunResult } from '../campaign/records/result.js';
import type { AnyTarget } from '../run/target.js';
import { UsageError } from '../errors.js';
import { sourceLine } from '../image/line-table.js';
import { packageRoot } from '../package-info.js';
import { resultJson } from '../report/json.js';
import { shorten } from '../text/escape.js';
import { claimResultFolder, LISTINGS, RESULT } from './claim-folder.js';
import { writeFinding } from './findings.js';
import { FolderInUse } from './folder-lock.js';

/** Where results are, or why they are nowhere. */
export interface Kept {
  /** Undefined if nothing was written. */
  out: string | undefined;
  /** What is to be thrown once everything was printed. */
  unwritten?: unknown;
}

/**
 * Results are written when there is something to keep, or when the user named a folder.
 *
 * @param asked a folder that was claimed before the run
 * @param listings as text
 */
export async function keepResults(result: RunResult, asked: string | undefined, listings: string): Promise<Kept> {
  try {
    if (asked !== undefined) {
      writeResults(result, asked, listings);
      return { out: asked };
    }
    if (!result.result.targets.some(({ findings }) => findings.length > 0)) return { out: undefined };
    const out = defaultOut();
    const release = await claimedInTime(out);
    try {
      writeResults(result, out, listings);
    } finally {
      release();
    }
    return { out };
  } catch (unwritten) {
    return { out: undefined, unwritten };
  }
}

/** Milliseconds that another run may take to write what it found to the default folder. */
const PATIENCE = 20_000;
const PAUSE = 100;

/** Nobody named the default folder: several runs may come to it at the same time, each for a moment. */
async function claimedInTime(folder: string): Promise<() => void> {
  for (const started = Date.now(); ; await wait(PAUSE)) {
    try {
      return claimResultFolder(folder);
    } catch (error) {
      if (!(error instanceof FolderInUse) || Date.now() - started > PATIENCE) throw error;
    }
  }
}

/**
 * @param out a folder that this process has claimed
 * @param listings as text; undefined where no image is at hand
 * @throws UsageError if it cannot be written
 */
export function writeResults(result: RunResult, out: string, listings: string | undefined): void {
  result.run.out = out;
  try {
    if (listings !== undefined) writeFileSync(join(out, LISTINGS), listings);
    writeFileSync(join(out, RESULT), resultJson(result));
  } catch (error) {
    throw new UsageError(`--out ${shorten(out)}: cannot write the result: ${(error as Error).message}`);
  }
  for (const cause of result.result.targets.flatMap(causesOfTarget)) writeFinding(cause, out);
}

/** What the targets of a result are made of. */
export function listingsText(targets: readonly AnyTarget[], result: RunResult): string {
  return `${JSON.stringify(listingsOf(targets, result, sourceLine))}\n`;
}

/** In the project's own checkout results go under reports/, elsewhere into a folder of their own. */
function defaultOut(): string {
  return process.cwd() === packageRoot() ? 'reports/out' : 'tdxfuzz-out';
}

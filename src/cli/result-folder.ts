/** What of a result is kept, and in which folder. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { listingsOf } from '../campaign/traces/listing.js';
import { type Shard, WHOLE } from '../campaign/records/shard.js';
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
import { settleFindings } from './settle-findings.js';

/** Where results are, or why they are nowhere. */
export interface Kept {
  /** Undefined if nothing was written. */
  out: string | undefined;
  /** What is to be thrown once everything was printed. */
  unwritten?: unknown;
}

/**
 * Results are written when there is something to keep, when the user named a folder, and where an earlier result lies.
 *
 * @param asked a folder that was claimed before the run
 * @param targets that were run
 * @param shard one of several may write to the same folder
 */
export async function keepResults(
  result: RunResult,
  asked: string | undefined,
  targets: readonly AnyTarget[],
  shard: Shard = WHOLE,
): Promise<Kept> {
  try {
    if (asked !== undefined) {
      writeResults(result, asked, targets, shard);
      return { out: asked };
    }
    const out = defaultOut();
    const isFound = result.result.targets.some(({ findings }) => findings.length > 0);
    // What an earlier run found must not be taken for what this one says.
    if (!isFound && !existsSync(join(out, RESULT))) return { out: undefined };
    const release = await claimedInTime(out);
    try {
      writeResults(result, out, targets);
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
 * Writes the result of a run, and moves findings of earlier runs out of its way.
 *
 * @param out a folder that this process has claimed
 * @param targets that were run
 * @throws UsageError if it cannot be written
 */
export function writeResults(
  result: RunResult,
  out: string,
  targets: readonly AnyTarget[],
  shard: Shard = WHOLE,
): void {
  writeResult(result, out, listingsText(targets, result));
  // Shards of one run may share a folder: what one did not find another may have found.
  if (shard.of === 1) settle(result, out, targets);
}

/** The same of what was merged: no image is at hand. @param listings as text, if there are any */
export function writeMergedResult(result: RunResult, out: string, listings: string | undefined): void {
  writeResult(result, out, listings);
  settle(result, out, undefined);
}

function writeResult(result: RunResult, out: string, listings: string | undefined): void {
  result.run.out = out;
  try {
    if (listings !== undefined) writeFileSync(join(out, LISTINGS), listings);
    writeFileSync(join(out, RESULT), resultJson(result));
  } catch (error) {
    throw new UsageError(`--out ${shorten(out)}: cannot write the result: ${(error as Error).message}`);
  }
  for (const cause of result.result.targets.flatMap(causesOfTarget)) writeFinding(cause, out);
}

function settle(result: RunResult, out: string, targets: readonly AnyTarget[] | undefined): void {
  for (const line of settleFindings(result, out, targets)) process.stderr.write(`tdxfuzz: ${line}\n`);
}

/** What the targets of a result are made of. */
function listingsText(targets: readonly AnyTarget[], result: RunResult): string {
  return `${JSON.stringify(listingsOf(targets, result, sourceLine))}\n`;
}

/** In the project's own checkout results go under reports/, elsewhere into a folder of their own. */
function defaultOut(): string {
  return process.cwd() === packageRoot() ? 'reports/out' : 'tdxfuzz-out';
}

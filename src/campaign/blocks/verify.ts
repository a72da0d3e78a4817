/** Computes recorded blocks again: a campaign that was recorded can be repeated piece by piece. */
import type { BlockResult } from './block.js';
import { type Prepared, prepare } from '../records/campaign-log.js';
import type { BlocksRecord, CampaignRecord, EntryRecord } from '../records/records.js';
import { openRunner } from '../../run/open-runner.js';
import type { AnyTarget } from '../../run/target.js';
import { madeFrom, runTask } from './task.js';

export interface VerifiedBlocks {
  target: string;
  block: number;
  blocks: number;
  cases: number;
  /** What differs, or undefined if nothing does. */
  difference: string | undefined;
}

/** Why a record was not computed again. */
export interface UnverifiedBlocks {
  target: string;
  reason: string;
}

/** @param chosen which of the recorded blocks, by target and number; all if not given */
export function* verify(
  records: readonly CampaignRecord[],
  targets: readonly AnyTarget[],
  chosen: (record: BlocksRecord) => boolean = () => true,
): Generator<VerifiedBlocks | UnverifiedBlocks> {
  const entries = new Map(records.flatMap((record) => (record.kind === 'entry' ? [[record.digest, record]] : [])));
  const about = new Map(records.flatMap((record) => (record.kind === 'target' ? [[record.id, record]] : [])));
  const prepared = new Map<string, Prepared | undefined>();
  for (const record of records) {
    if (record.kind !== 'blocks' || !chosen(record)) continue;
    const { name = record.target, seed = '' } = about.get(record.target) ?? {};
    if (!prepared.has(record.target)) prepared.set(record.target, match(record.target, name, seed, targets));
    const target = prepared.get(record.target);
    if (target === undefined) yield { target: name, reason: 'the code at hand is another than the recorded one' };
    else yield again(record, target, entries);
  }
}

function match(id: string, name: string, seed: string, targets: readonly AnyTarget[]): Prepared | undefined {
  const target = targets.find((candidate) => candidate.name === name);
  if (target === undefined) return undefined;
  const prepared = prepare(target, openRunner(target), seed);
  return prepared.id === id ? prepared : undefined;
}

function again(
  record: BlocksRecord,
  { target, runner, seed }: Prepared,
  entries: ReadonlyMap<string, EntryRecord>,
): VerifiedBlocks | UnverifiedBlocks {
  const { block, blocks, cases, parent: digest } = record;
  const entry = digest === undefined ? undefined : entries.get(digest);
  if (digest !== undefined && entry === undefined)
    return { target: target.name, reason: `the corpus entry ${digest.slice(0, 16)} is not recorded` };
  const result = runTask(runner, seed, { target: 0, block, blocks, cases, ...madeFrom(runner, entry) });
  return { target: target.name, block, blocks, cases, difference: difference(record, result) };
}

/** The first thing in which the two differ. */
function difference(record: BlocksRecord, result: BlockResult): string | undefined {
  const failures = result.failures.map(({ signature, hits, block, index, together }) => ({
    signature,
    hits,
    block,
    index,
    together,
  }));
  const now: Record<string, unknown> = { ...result, failures };
  for (const name of ['cases', 'executions', 'inForce', 'classes', 'failures', 'problem'] as const)
    if (canonical(record[name]) !== canonical(now[name])) return name;
  return undefined;
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

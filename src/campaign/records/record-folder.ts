/** The records that a result folder holds: one file for each process that wrote there. */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../errors.js';
import { replaceFile } from '../../files.js';
import { shorten } from '../../text/escape.js';
import { encodeRecord, readRecords, RecordFile } from './record-file.js';
import { type CampaignRecord, recordSchema } from './records.js';
import { type Shard, WHOLE } from './shard.js';

/** Of the whole, and of a shard. */
const NAME = /^records(?:-\d{1,6}-of-(\d{1,6}))?\.jsonl$/;

/** Whether a file of this name holds records. */
export function isRecordsName(name: string): boolean {
  return NAME.test(name);
}

function nameOf({ index, of }: Shard): string {
  return of === 1 ? 'records.jsonl' : `records-${index}-of-${of}.jsonl`;
}

/** Removes the records of an earlier run; those of other shards of the same whole stay. */
export function removeRecords(folder: string, shard: Shard): void {
  const isOtherShard = (name: string): boolean =>
    name !== nameOf(shard) && shard.of > 1 && NAME.exec(name)?.[1] === String(shard.of);
  for (const name of readdirSync(folder))
    if (isRecordsName(name) && !isOtherShard(name)) rmSync(join(folder, name), { force: true });
}

/** The file for the records of one shard. @throws UsageError */
export function newRecords(folder: string, shard: Shard): RecordFile {
  return new RecordFile(join(folder, nameOf(shard)));
}

/** Every record of a folder, with the file that it is in. @throws UsageError naming what is missing or damaged */
export function* recordsOf(folder: string): Generator<{ record: CampaignRecord; origin: string }> {
  const isFolder = existsSync(folder) && statSync(folder).isDirectory();
  const names = isFolder ? readdirSync(folder).filter(isRecordsName) : [];
  if (names.length === 0)
    throw new UsageError(`${shorten(folder)}: no records there; give a folder that tdxfuzz fuzz --out wrote`);
  for (const name of names.sort()) {
    const path = join(folder, name);
    const { records, damaged } = readRecords(path, recordSchema);
    const [first] = damaged;
    if (first !== undefined)
      throw new UsageError(`${shorten(path)}: line ${first.number}: ${first.why}; take another copy, or run it again`);
    for (const record of lastCampaign(records)) yield { record, origin: path };
  }
}

/** A night that follows the code has records of former builds in its file: what counts is the campaign of the last process. */
function lastCampaign(records: readonly CampaignRecord[]): CampaignRecord[] {
  const last = records.findLast((record) => record.kind === 'run');
  if (last === undefined) return [...records];
  const present = new Set(last.targets);
  // The image around a function may change from night to night, and the function with all that is recorded of it stays.
  const described = new Map(records.flatMap((record) => (record.kind === 'target' ? [[record.id, record]] : [])));
  return records.filter((record) => {
    if (record.kind === 'run') return record === last;
    if (record.kind === 'target') return present.has(record.id) && described.get(record.id) === record;
    return !('target' in record) || present.has(record.target);
  });
}

/** Records in one order, each once: merging what was merged changes nothing. The folder has none before. */
export function writeMerged(folder: string, records: Iterable<CampaignRecord>): void {
  const lines = new Map<string, CampaignRecord>();
  for (const record of records) lines.set(encodeRecord(record), record);
  const sorted = [...lines].sort(([a, left], [b, right]) => rank(left) - rank(right) || (a < b ? -1 : a > b ? 1 : 0));
  replaceFile(join(folder, nameOf(WHOLE)), sorted.map(([line]) => line).join(''));
}

/** What is needed to read the rest comes first. */
function rank({ kind }: CampaignRecord): number {
  return kind === 'run' ? 0 : kind === 'target' ? 1 : 2;
}

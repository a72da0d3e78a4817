/** What a night left in its folder: read at the start of the next one, with what is damaged set aside. */
import { appendFileSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { encodeRecords, readRecords } from '../records/record-file.js';
import { type CampaignRecord, type EntryRecord, type FindingRecord, recordSchema } from '../records/records.js';
import { UsageError } from '../../errors.js';
import { toolVersion } from '../../package-info.js';
import { replaceFile } from '../../files.js';
import { compacted } from './compact.js';
import { shorten } from '../../text/escape.js';

export interface NightState {
  /** Undefined in a new folder. */
  seed: string | undefined;
  records: CampaignRecord[];
  /** One line for people about what was set aside. */
  notes: string[];
}

const RECORDS = 'records.jsonl';
const DAMAGED = 'damaged.txt';

export function recordsPath(folder: string): string {
  return join(folder, RECORDS);
}

/** Bytes from which on a state is written anew, in fewer records: some weeks of nights. */
const LARGE = 64 * 1024 * 1024;

/**
 * Lines that are no records go to a file beside it, and the rest goes on.
 *
 * @throws UsageError for the state of a newer version, which stays untouched
 * @param large bytes from which on the state is written anew
 */
export function readState(folder: string, large = LARGE): NightState {
  const path = recordsPath(folder);
  if (!existsSync(path)) return { seed: undefined, records: [], notes: [] };
  const read = readRecords(path, recordSchema);
  const { damaged } = read;
  const notes = versionNotes(read.records, path);
  const isLarge = statSync(path).size > large;
  const records = isLarge ? compacted(read.records) : read.records;
  if (damaged.length > 0) {
    const aside = join(folder, DAMAGED);
    for (const { number, why, bytes } of damaged)
      appendFileSync(aside, `line ${number}: ${why}: ${Buffer.from(bytes).toString('base64')}\n`);
    const [{ number, why }] = damaged;
    const more = damaged.length > 1 ? `, and ${damaged.length - 1} more` : '';
    notes.push(`${shorten(path)}: line ${number}: ${why}${more}; set aside in ${DAMAGED}, the rest is used`);
  }
  // What is damaged is aside by now.
  if (isLarge || damaged.length > 0) replaceFile(path, encodeRecords(records));
  if (records.length === 0 && damaged.length > 0)
    notes.push(`${shorten(path)}: nothing in it could be read; the night begins anew`);
  const runs = records.flatMap((record) => (record.kind === 'run' ? [record] : []));
  return { seed: runs.at(-1)?.seed, records, notes };
}

/** @returns a line for people where the state is of an older version @throws UsageError where it is of a newer one */
function versionNotes(records: readonly CampaignRecord[], path: string): string[] {
  const here = toolVersion();
  const tools = records.flatMap((record) => (record.kind === 'run' ? [record.tool] : []));
  const order = (tool: string): number => tool.localeCompare(here, 'en', { numeric: true });
  const newer = tools.find((tool) => order(tool) > 0);
  if (newer !== undefined)
    throw new UsageError(
      `${shorten(path)}: the state of tdxfuzz ${shorten(newer, 40)}, this is ${here}: it stays as it is; update tdxfuzz, or name another folder`,
    );
  const last = tools.at(-1);
  if (last === undefined || order(last) === 0) return [];
  return [
    `${shorten(path)}: the state of tdxfuzz ${shorten(last, 40)}, this is ${here}: every target counts as changed, its findings and corpus are tried first`,
  ];
}

/** @throws UsageError if the user asks for another seed than the state has */
export function seedOf(state: NightState, asked: string | undefined, folder: string, fresh: () => string): string {
  if (state.seed === undefined) return asked ?? fresh();
  if (asked !== undefined && asked !== state.seed)
    throw new UsageError(
      `--state ${shorten(folder)}: has the seed ${shorten(state.seed, 60)}; leave --seed away, or name another folder`,
    );
  return state.seed;
}

/** What earlier builds of a target left, from which the first cases of a new build are taken. */
export interface Former {
  entries: EntryRecord[];
  findings: FindingRecord[];
  /** Builds of the last night: what they had, and nothing older, can be gone tonight. */
  last: ReadonlySet<string>;
}

/** @param name of the target, @param id of its present build */
export function formerOf(records: readonly CampaignRecord[], name: string, id: string): Former {
  const former = new Set(
    records.flatMap((record) =>
      record.kind === 'target' && record.name === name && record.id !== id ? [record.id] : [],
    ),
  );
  const entries = new Map<string, EntryRecord>();
  const findings = new Map<string, FindingRecord>();
  for (const record of records) {
    if (record.kind === 'entry' && former.has(record.target)) entries.set(record.digest, record);
    if (record.kind === 'finding' && former.has(record.target))
      findings.set(`${record.finding.property} ${record.finding.slot} ${record.finding.place}`, record);
  }
  const run = records.findLast((record) => record.kind === 'run');
  const last = new Set((run?.targets ?? []).filter((target) => former.has(target)));
  return { entries: [...entries.values()], findings: [...findings.values()], last };
}

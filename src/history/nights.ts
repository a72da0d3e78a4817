/**
 * The history of a night's state: what every night came to, and since when each finding stands. One file beside the records,
 * schema tdxfuzz/nights/1, written anew at the end of each night; from it alone the trend is told.
 */
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { instant, originSchema } from '../campaign/records/origin.js';
import { count, digest, locatedSchema, sinceSchema } from '../campaign/records/result.js';
import { firstIssue } from '../contract/validate.js';
import { UsageError } from '../errors.js';
import { readJson, replaceFile } from '../files.js';
import { text } from '../stored/case-schema.js';
import { shorten } from '../text/escape.js';

/** In the folder of a state. */
export const NIGHTS = 'nights.json';
const SCHEMA = 'tdxfuzz/nights/1';
const LARGEST_FILE = 256 * 1024 * 1024;

/** Nights that are told, the last ones: ten years of them. */
const MOST_NIGHTS = 3660;
/** Findings that are named of one night; all are counted. */
const MOST_NAMED = 200;

const nightSchema = z.strictObject({
  id: text(100),
  start: instant,
  /** Absent: it was killed, and what it found counts for the night after it. */
  end: instant.optional(),
  ended: z.enum(['whole', 'interrupted', 'killed']),
  tool: text(50),
  ...originSchema.shape,
  /** Whether it went on from what earlier nights left. */
  resumed: z.boolean(),
  /** Cases of this night. */
  cases: count,
  /** Of the targets as they were then: instructions and directions of branches, reached by all nights so far, and all. */
  reached: count,
  reachable: count,
  /** Findings, one for each cause, that no rule accepts; and how many rules accept. */
  findings: count,
  accepted: count,
  counts: z.strictObject({ fresh: count, still: count, gone: count }),
  fresh: z.array(locatedSchema).max(MOST_NAMED),
  gone: z.array(sinceSchema).max(MOST_NAMED),
});

const openSchema = z.strictObject({
  ...sinceSchema.shape,
  accepted: z.boolean(),
  /** Of the target in which it was seen last. */
  fingerprint: digest,
  /** Everything that the cause violates. */
  violations: z.array(locatedSchema.omit({ target: true })).max(10_000),
});

const historySchema = z.strictObject({
  schema: z.literal(SCHEMA),
  nights: z.array(nightSchema).max(MOST_NIGHTS),
  /** Findings that stood at the end of the last night. */
  open: z.array(openSchema).max(100_000),
});

export type Night = z.infer<typeof nightSchema>;
export type OpenFinding = z.infer<typeof openSchema>;
export type History = z.infer<typeof historySchema>;

export const NO_HISTORY: History = { schema: SCHEMA, nights: [], open: [] };

/** @throws UsageError if there is a history that cannot be read */
export function readHistory(folder: string): History {
  const path = join(folder, NIGHTS);
  if (!existsSync(path)) return NO_HISTORY;
  const json = readJson(path, LARGEST_FILE, 'give a folder that nightly wrote');
  const version = (json as { schema?: unknown } | null)?.schema;
  if (typeof version === 'string' && version.startsWith('tdxfuzz/nights/') && version !== SCHEMA)
    throw new UsageError(
      `${shorten(path)}: schema ${shorten(version, 40)} is not known to this version; update tdxfuzz`,
    );
  const parsed = historySchema.safeParse(json);
  if (!parsed.success) throw new UsageError(`${shorten(path)}: not a history of nights: ${firstIssue(parsed.error)}`);
  return parsed.data;
}

/**
 * As {@link readHistory}, for the night that goes on: a history that is damaged is put aside, for the state matters more.
 *
 * @returns the history, and a line for people where it began anew
 * @throws UsageError for one of a newer version
 */
export function openHistory(folder: string): { history: History; note?: string } {
  try {
    return { history: readHistory(folder) };
  } catch (error) {
    if (!(error instanceof UsageError) || error.message.includes('not known to this version')) throw error;
    renameSync(join(folder, NIGHTS), join(folder, `damaged-${NIGHTS}`));
    return { history: NO_HISTORY, note: `${error.message}; set aside as damaged-${NIGHTS}, the history begins anew` };
  }
}

/** Replaces the history in one step. */
export function writeHistory(folder: string, { nights, open }: History): void {
  const named = nights
    .slice(-MOST_NIGHTS)
    .map((night) => ({ ...night, fresh: night.fresh.slice(0, MOST_NAMED), gone: night.gone.slice(0, MOST_NAMED) }));
  replaceFile(join(folder, NIGHTS), `${JSON.stringify({ schema: SCHEMA, nights: named, open })}\n`);
}

/** Shards: which part of a campaign this process computes. The parts together are the whole, and no two share a block. */
import { UsageError } from '../../errors.js';
import { shorten } from '../../text/escape.js';

export interface Shard {
  /** From 0. */
  readonly index: number;
  readonly of: number;
}

export const WHOLE: Shard = { index: 0, of: 1 };

/** Most shards of a campaign. */
const MOST = 100_000;

/** Where Kubernetes tells a pod of an Indexed Job its number (kubernetes.io, "Indexed Job for Parallel Processing"). */
const INDEX_VARIABLE = 'JOB_COMPLETION_INDEX';

/**
 * Reads `I/N`, the first shard being 0, or `auto/N`, where the index is that of the Kubernetes Indexed Job.
 *
 * @throws UsageError in one line that says what to write
 */
export function parseShard(text: string, environment: Readonly<Record<string, string | undefined>>): Shard {
  const match = /^(\d{1,6}|auto)\/(\d{1,6})$/.exec(text);
  if (match === null) throw wrong(text, 'write I/N, such as 0/8, or auto/8');
  const of = Number(match[2]);
  if (of < 1 || of > MOST) throw wrong(text, `there can be 1 to ${MOST} shards`);
  const index = match[1] === 'auto' ? indexOf(text, environment[INDEX_VARIABLE]) : Number(match[1]);
  if (index >= of) throw wrong(text, `the first shard is 0, the last of ${of} is ${of - 1}`);
  return { index, of };
}

function indexOf(text: string, value: string | undefined): number {
  if (value === undefined)
    throw wrong(text, `${INDEX_VARIABLE} is not set; it is in an Indexed Job, elsewhere write the number`);
  if (!/^\d{1,6}$/.test(value)) throw wrong(text, `${INDEX_VARIABLE} is ${shorten(value, 30)}, which is no number`);
  return Number(value);
}

function wrong(text: string, why: string): UsageError {
  return new UsageError(`--shard ${shorten(text, 40)}: ${why}`);
}

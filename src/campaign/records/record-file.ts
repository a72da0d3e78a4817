/** A file of records: JSON lines, each with a checksum, only ever appended to. */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, fstatSync, fsyncSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { z } from 'zod';
import { UsageError } from '../../errors.js';
import { shorten } from '../../text/escape.js';

/** Hexadecimal digits of the sha256 that stand before a record: enough to see damage. */
const CHECK_DIGITS = 16;
const NEWLINE = 10;

const lineSchema = z.strictObject({ check: z.string(), record: z.unknown() });

/** One record as a line, with its newline. */
export function encodeRecord(record: object): string {
  const body = JSON.stringify(record);
  return `{"check":"${checkOf(body)}","record":${body}}\n`;
}

function checkOf(body: string): string {
  return createHash('sha256').update(body).digest('hex').slice(0, CHECK_DIGITS);
}

/** Records as the content of a file. */
export function encodeRecords(records: readonly object[]): string {
  return records.map(encodeRecord).join('');
}

/** A line that is no record. */
export interface DamagedLine {
  /** From 1. */
  number: number;
  why: string;
  bytes: Uint8Array;
}

export interface ReadRecords<T> {
  records: T[];
  damaged: DamagedLine[];
}

/**
 * Reads every record of a file; what is damaged is told apart from what is not.
 *
 * @throws UsageError if there is no such file, if it cannot be read, or if a whole record in it is none of this version
 */
export function readRecords<T>(path: string, schema: z.ZodType<T>): ReadRecords<T> {
  const bytes = contentOf(path);
  const records: T[] = [];
  const damaged: DamagedLine[] = [];
  for (let start = 0, number = 1; start < bytes.length; number++) {
    const newline = bytes.indexOf(NEWLINE, start);
    const line = bytes.subarray(start, newline < 0 ? bytes.length : newline);
    start += line.length + 1;
    const record = decodeRecord(line.toString('utf8'), schema);
    if ('unknown' in record)
      throw new UsageError(
        `${shorten(path)}: line ${number}: whole, and of another version of tdxfuzz; go on with that version, or name another folder`,
      );
    if ('why' in record) damaged.push({ number, why: record.why, bytes: line });
    else records.push(record.record);
  }
  return { records, damaged };
}

function contentOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`${shorten(path)}: ${(error as NodeJS.ErrnoException).code ?? 'cannot be read'}; ${HINT}`);
  }
}

const HINT = 'give a folder that tdxfuzz wrote';

type Decoded<T> = { record: T } | { why: string } | { unknown: true };

function decodeRecord<T>(line: string, schema: z.ZodType<T>): Decoded<T> {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return { why: 'not JSON' };
  }
  const parsed = lineSchema.safeParse(json);
  if (!parsed.success) return { why: 'not a line with a checksum' };
  const { check, record } = parsed.data;
  if (checkOf(JSON.stringify(record) ?? '') !== check) return { why: 'the checksum does not match' };
  const valid = schema.safeParse(record);
  return valid.success ? { record: valid.data } : { unknown: true };
}

/** Appends records. What `append` returned from is on the disk. */
export class RecordFile {
  private readonly descriptor: number;

  /** @throws UsageError if the file cannot be written */
  constructor(path: string) {
    try {
      const whole = !existsSync(path) || endsWithNewline(path);
      this.descriptor = openSync(path, 'a');
      // What a killed process left half-written stays a line of its own.
      if (!whole) writeSync(this.descriptor, '\n');
    } catch (error) {
      throw new UsageError(
        `${shorten(path)}: cannot write there (${(error as NodeJS.ErrnoException).code ?? 'error'})`,
      );
    }
  }

  append(records: readonly object[]): void {
    if (records.length === 0) return;
    writeAll(this.descriptor, Buffer.from(encodeRecords(records)));
    fsyncSync(this.descriptor);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

/** A disk that is full takes less than it was given. */
function writeAll(descriptor: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) done += writeSync(descriptor, bytes, done);
}

/** A state is large: its last byte is enough. */
function endsWithNewline(path: string): boolean {
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const last = new Uint8Array(1);
    return size === 0 || (readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] === NEWLINE);
  } finally {
    closeSync(descriptor);
  }
}

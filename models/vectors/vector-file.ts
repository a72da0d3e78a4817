import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** One line of a vector file: a JSON object, not yet examined further. */
export interface VectorRecord {
  /** Line number, from 1. */
  readonly line: number;
  readonly value: Readonly<Record<string, unknown>>;
}

/** A vector file that cannot be used: one line for people, with file and line number. */
export class VectorFileError extends Error {
  override readonly name = 'VectorFileError';
}

/** Bounds: a vector file comes from outside. The recorded ones are below 1 MB, their lines below 5 kB. */
export const VECTOR_FILE_LIMITS = {
  /** Bytes of the file itself. */
  fileBytes: 64 * 1024 * 1024,
  /** Bytes after decompression. */
  textBytes: 256 * 1024 * 1024,
  /** Characters of one line. */
  lineLength: 64 * 1024,
  /** Lines that hold a record. */
  records: 250_000,
} as const;

const GZIP_MAGIC = [0x1f, 0x8b];

/**
 * Reads a file of vectors, one JSON object a line, as it is or gzipped (told by its first bytes, not by its name).
 * Empty lines are skipped.
 *
 * @param path The file.
 * @throws VectorFileError if it cannot be read, exceeds a bound, is empty, or a line is no JSON object.
 */
export function readVectorFile(path: string): VectorRecord[] {
  return parseVectorText(decompress(path, readBounded(path)), path);
}

/**
 * Splits the text of a vector file into records.
 *
 * @param name What to call the file in messages.
 * @throws VectorFileError as {@link readVectorFile}.
 */
export function parseVectorText(text: string, name: string): VectorRecord[] {
  const records: VectorRecord[] = [];
  let line = 0;
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    line++;
    if (end - start > VECTOR_FILE_LIMITS.lineLength) {
      throw new VectorFileError(
        `${name}:${line}: line of ${end - start} characters, at most ${VECTOR_FILE_LIMITS.lineLength} are taken`,
      );
    }
    const content = text.slice(start, end).trim();
    if (content !== '') {
      if (records.length === VECTOR_FILE_LIMITS.records) {
        throw new VectorFileError(`${name}:${line}: more than ${VECTOR_FILE_LIMITS.records} records, split the file`);
      }
      records.push({ line, value: parseObject(content, name, line) });
    }
    start = end + 1;
  }
  if (records.length === 0) {
    throw new VectorFileError(`${name}: no vectors in it, expected one JSON object a line`);
  }
  return records;
}

function parseObject(content: string, name: string, line: number): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    throw new VectorFileError(`${name}:${line}: not JSON, expected one JSON object a line`);
  }
  if (!isObject(value)) throw new VectorFileError(`${name}:${line}: not a JSON object, expected one a line`);
  return value;
}

/** A JSON object: neither null nor an array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readBounded(path: string): Buffer {
  let descriptor: number | undefined;
  try {
    // A pipe is never opened: that waits for somebody to write.
    const status = statSync(path);
    if (!status.isFile()) throw new VectorFileError(`${path}: not a regular file`);
    if (status.size > VECTOR_FILE_LIMITS.fileBytes) {
      throw new VectorFileError(`${path}: ${status.size} bytes, at most ${VECTOR_FILE_LIMITS.fileBytes} are taken`);
    }
    descriptor = openSync(path, 'r');
    const bytes = Buffer.alloc(status.size);
    let read = 0;
    while (read < bytes.length) {
      const count = readSync(descriptor, bytes, read, bytes.length - read, null);
      if (count === 0) break;
      read += count;
    }
    return bytes.subarray(0, read);
  } catch (error) {
    if (error instanceof VectorFileError) throw error;
    throw new VectorFileError(`${path}: cannot be read (${codeOf(error)})`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function decompress(path: string, bytes: Buffer): string {
  if (bytes[0] !== GZIP_MAGIC[0] || bytes[1] !== GZIP_MAGIC[1]) return bytes.toString('utf8');
  try {
    return gunzipSync(bytes, { maxOutputLength: VECTOR_FILE_LIMITS.textBytes }).toString('utf8');
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') {
      throw new VectorFileError(`${path}: more than ${VECTOR_FILE_LIMITS.textBytes} bytes when decompressed`);
    }
    throw new VectorFileError(`${path}: damaged gzip data (${codeOf(error)})`);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

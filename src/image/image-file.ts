/** The bytes of a file that somebody named, or why it cannot be read. */
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { shorten } from '../text/escape.js';
import { nearestNames } from '../text/nearest.js';
import { fail } from './elf-file.js';
import { ImageError, SIZE_LIMIT } from './image.js';

/** Characters of a file's name in messages. */
export const NAME_LENGTH = 256;
/** Bytes of files that threads share. */
const SHARED_FROM = 1 << 20;
const MOST_AT_ONCE = 1 << 28;
/** Names of a folder that are compared with one that is not there. */
const MOST_NAMES = 1000;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file; check the path',
  ENOTDIR: 'no such file; check the path',
  EACCES: 'cannot be read: permission denied',
  EPERM: 'cannot be read: permission denied',
  ELOOP: 'too many symbolic links; check the path',
  ENAMETOOLONG: 'the path is too long',
};

/** @throws ImageError for a path that is missing, a directory, no regular file or too large */
export function readImageFile(path: string): Uint8Array {
  const file = { name: shorten(path, NAME_LENGTH) };
  try {
    const status = statSync(path);
    if (status.isDirectory()) fail(file, 'a directory; give an object (.o) or an executable');
    if (!status.isFile()) fail(file, 'not a regular file; give an object (.o) or an executable');
    if (status.size > SIZE_LIMIT) fail(file, `${status.size} bytes, at most 1 GiB is read; give a smaller image`);
    return status.size > SHARED_FROM ? readShared(path, status.size) : plain(readFileSync(path));
  } catch (error) {
    if (error instanceof ImageError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const hint = code === 'ENOENT' ? hintFor(path) : undefined;
    return fail(file, hint ?? REASONS[code] ?? `cannot be read (${shorten(code)}); check the path`);
  }
}

/** A Buffer's slice() does not copy; who reads images relies on one that does. */
function plain({ buffer, byteOffset, byteLength }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Into memory that threads share: each would copy a kernel otherwise. */
function readShared(path: string, size: number): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(size));
  const file = openSync(path, 'r');
  try {
    let read = 0;
    for (let more = -1; more !== 0 && read < size; read += more)
      more = readSync(file, bytes, read, Math.min(size - read, MOST_AT_ONCE), null);
    // Somebody cut it meanwhile.
    return bytes.subarray(0, read);
  } finally {
    closeSync(file);
  }
}

/** What may have been meant by a path that is not there. */
function hintFor(path: string): string | undefined {
  if (/[*?]/.test(path)) return 'no such file, and no pattern is resolved here; name one file';
  const near = nearestNames(basename(path), namesIn(dirname(path)));
  return near.length === 0 ? undefined : `no such file; nearest: ${near.map((name) => shorten(name)).join(', ')}`;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).slice(0, MOST_NAMES);
  } catch {
    return [];
  }
}

/** From a file to an image. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { loadCoff } from './coff-image.js';
import { looksLikeCoff } from './coff-object.js';
import { FILE_TYPE } from './elf-constants.js';
import { fail, readElfFile } from './elf-file.js';
import { shorten } from '../text/escape.js';
import { nearestNames } from '../text/nearest.js';
import { loadExecutable } from './executable.js';
import { refuseForeign, refuseLinkTimeCode } from './foreign.js';
import { ImageError, SIZE_LIMIT, type Image } from './image.js';
import { keepDebugSections } from './line-table.js';
import { loadObject } from './object.js';
import { loadPe, looksLikePe } from './pe-image.js';
import { withListingBeside } from './symbol-listing.js';

const NAME_LENGTH = 256;
/** Names of a folder that are compared with one that is not there. */
const MOST_NAMES = 1000;
const ELF_MAGIC = [0x7f, 0x45, 0x4c, 0x46];
function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

/** A Linux boot image: "HdrS" at 0x202 (boot protocol 2.00), the first two bytes being "MZ" under CONFIG_EFI_STUB. */
function isBootImage(bytes: Uint8Array): boolean {
  return startsWith(bytes.subarray(0x202), [0x48, 0x64, 0x72, 0x53]);
}

/**
 * Reads an image from the bytes of its file, which must not change afterwards: segments may share them.
 * @param name of the file, for messages
 * @throws ImageError, and nothing else, for whatever bytes
 */
export function parseImage(input: Uint8Array, name: string): Image {
  const file = { name: shorten(name, NAME_LENGTH) };
  // A Buffer's slice() does not copy; the loaders rely on one that does.
  const bytes = new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  if (bytes.length === 0) fail(file, 'the file is empty; build it again');
  if (bytes.length > SIZE_LIMIT) fail(file, `${bytes.length} bytes, at most 1 GiB is read; give a smaller image`);
  if (!startsWith(bytes, ELF_MAGIC)) {
    if (isBootImage(bytes)) fail(file, 'a Linux boot image (bzImage); give the vmlinux it was made of');
    if (looksLikePe(bytes)) return { ...loadPe(bytes, file.name), hash: hashOf(bytes) };
    if (looksLikeCoff(bytes)) return { ...loadCoff(bytes, file.name), hash: hashOf(bytes) };
    refuseForeign(file, bytes);
  }
  const elf = readElfFile(bytes, file.name);
  refuseLinkTimeCode(elf);
  const loaded = elf.type === FILE_TYPE.relocatable ? loadObject(elf) : loadExecutable(elf);
  const image = { ...loaded, hash: hashOf(bytes) };
  keepDebugSections(image, elf);
  return image;
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file; check the path',
  ENOTDIR: 'no such file; check the path',
  EACCES: 'cannot be read: permission denied',
  EPERM: 'cannot be read: permission denied',
  ELOOP: 'too many symbolic links; check the path',
  ENAMETOOLONG: 'the path is too long',
};

function read(path: string): Uint8Array {
  const file = { name: shorten(path, NAME_LENGTH) };
  try {
    const status = statSync(path);
    if (status.isDirectory()) fail(file, 'a directory; give an object (.o) or an executable');
    if (!status.isFile()) fail(file, 'not a regular file; give an object (.o) or an executable');
    if (status.size > SIZE_LIMIT) fail(file, `${status.size} bytes, at most 1 GiB is read; give a smaller image`);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof ImageError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const hint = code === 'ENOENT' ? hintFor(path) : undefined;
    return fail(file, hint ?? REASONS[code] ?? `cannot be read (${shorten(code)}); check the path`);
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

/**
 * Reads an image from a file.
 * @throws ImageError for a path that is missing, a directory or too large, and for a file that is no usable image
 */
export function loadImage(path: string): Image {
  return withListingBeside(parseImage(read(path), path), path);
}

/** From a file to an image. */
import { createHash } from 'node:crypto';
import { isArchive } from './archive.js';
import { fail, readElfFile } from './elf-file.js';
import { shorten } from '../text/escape.js';
import { loadExecutable } from './executable.js';
import { refuseForeign } from './foreign.js';
import { NAME_LENGTH } from './image-file.js';
import { SIZE_LIMIT, type Image } from './image.js';
import { readLibrary } from './library.js';
import { keepDebugSections } from './line-table.js';
import { linkFiles } from './link-files.js';
import { isElf, isObject, readObjectFile, startsWith } from './object-file.js';
import { loadPe, looksLikePe } from './pe-image.js';

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
  if (isArchive(bytes)) {
    const read = (): never => fail(file, 'a thin archive, whose members are files of their own; give it by its path');
    return linkFiles(readLibrary(bytes, '', file.name, { read }).objects, file.name);
  }
  if (!isElf(bytes)) {
    if (isBootImage(bytes)) fail(file, 'a Linux boot image (bzImage); give the vmlinux it was made of');
    if (looksLikePe(bytes)) return { ...loadPe(bytes, file.name), hash: hashOf(bytes) };
  }
  if (isObject(bytes)) return linkFiles([readObjectFile(bytes, file.name)], file.name);
  if (!isElf(bytes)) refuseForeign(file, bytes);
  const elf = readElfFile(bytes, file.name);
  const image = { ...loadExecutable(elf), hash: hashOf(bytes) };
  keepDebugSections(image, elf);
  return image;
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

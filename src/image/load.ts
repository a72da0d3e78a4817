/** From a file to an image. */
import { isArchive } from './archive.js';
import { isBootImage, unpackBootImage } from './boot-image.js';
import { FILE_TYPE } from './elf-constants.js';
import { fail, readElfFile } from './elf-file.js';
import { shorten } from '../text/escape.js';
import { loadExecutable } from './executable.js';
import { refuseForeign } from './foreign.js';
import { NAME_LENGTH } from './image-file.js';
import { SIZE_LIMIT, type Image } from './image.js';
import { withKernelNames } from './kernel-image.js';
import { readLibrary } from './library.js';
import { keepDebugSections } from './line-table.js';
import { linkFiles } from './link-files.js';
import { hashOf, isElf, isObject, readObjectFile } from './object-file.js';
import { readPeFile } from './pe-file.js';
import { loadPe, looksLikePe } from './pe-image.js';

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
    const boot = isBootImage(bytes) ? bytes : looksLikePe(bytes) ? kernelWithin(bytes, file.name) : undefined;
    if (boot !== undefined) return loadElf(unpackBootImage(boot, file.name), file.name, hashOf(bytes));
    if (looksLikePe(bytes)) return { ...loadPe(bytes, file.name), hash: hashOf(bytes) };
  }
  if (isObject(bytes)) return linkFiles([readObjectFile(bytes, file.name)], file.name);
  if (!isElf(bytes)) refuseForeign(file, bytes);
  return loadElf(bytes, file.name, hashOf(bytes));
}

/** @param hash of the file that somebody named: a kernel may have been packed in it */
function loadElf(bytes: Uint8Array, name: string, hash: string): Image {
  const elf = readElfFile(bytes, name);
  if (elf.type === FILE_TYPE.relocatable) fail(elf, 'holds an object, and no kernel; give the vmlinux it was made of');
  const image = withKernelNames({ ...loadExecutable(elf), hash });
  keepDebugSections(image, elf);
  return image;
}

/** Section of a unified kernel image that holds a boot image (UAPI Group, Unified Kernel Image specification). */
const KERNEL_SECTION = '.linux';

/** The boot image in a unified kernel image; undefined for any other PE image. */
function kernelWithin(bytes: Uint8Array, name: string): Uint8Array | undefined {
  const section = readPeFile(bytes, name).sections.find((candidate) => candidate.name === KERNEL_SECTION);
  const found = section && bytes.subarray(section.rawOffset, section.rawOffset + section.rawSize);
  return found !== undefined && isBootImage(found) ? found : undefined;
}

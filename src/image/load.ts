/** From a file to an image. */
import { createHash } from 'node:crypto';
import { isArchive } from './archive.js';
import { fail, readElfFile } from './elf-file.js';
import { shorten } from '../text/escape.js';
import { loadExecutable } from './executable.js';
import { NAME_LENGTH } from './image-file.js';
import { SIZE_LIMIT, type Image } from './image.js';
import { readLibrary } from './library.js';
import { keepDebugSections } from './line-table.js';
import { linkFiles } from './link-files.js';
import { isElf, isObject, readObjectFile, startsWith } from './object-file.js';

const COFF = 'COFF/PE is not supported yet; give an ELF object or executable';

/** First bytes of files that are handed over by mistake, and what to do about them. */
const FOREIGN: readonly [magic: number[], message: string][] = [
  [[0x4d, 0x5a], COFF],
  // IMAGE_FILE_MACHINE_AMD64, and the anonymous header of large COFF objects.
  [[0x64, 0x86], COFF],
  [[0x00, 0x00, 0xff, 0xff], COFF],
  [[0x42, 0x43, 0xc0, 0xde], 'LLVM bitcode; build without -flto'],
  [[0x1f, 0x8b], 'compressed with gzip; unpack it first'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'compressed with xz; unpack it first'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'compressed with zstd; unpack it first'],
];

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
    const foreign = FOREIGN.find(([magic]) => startsWith(bytes, magic));
    fail(file, foreign === undefined ? 'not an ELF file; give an object (.o) or an executable' : foreign[1]);
  }
  if (isObject(bytes)) return linkFiles([readObjectFile(bytes, file.name)], file.name);
  const elf = readElfFile(bytes, file.name);
  const image = { ...loadExecutable(elf), hash: createHash('sha256').update(bytes).digest('hex') };
  keepDebugSections(image, elf);
  return image;
}

/** Fingerprints of an object's loaded sections. */
import { SECTION, SECTION_FLAG } from '../image/elf-constants.js';
import { contents, readElfFile } from '../image/elf-file.js';
import { sha256 } from './sources.js';

/**
 * SHA-256 of each section that is loaded and has bytes, before relocation.
 * @param bytes of an ELF object
 * @param name for messages
 * @throws ImageError when the bytes are no x86-64 ELF file
 */
export function hashSections(bytes: Uint8Array, name: string): Record<string, string> {
  const file = readElfFile(bytes, name);
  return Object.fromEntries(
    file.sections
      .filter(({ flags, size, type }) => (flags & SECTION_FLAG.alloc) !== 0 && size > 0 && type !== SECTION.nobits)
      .map((section) => [section.name, sha256(contents(file, section))]),
  );
}

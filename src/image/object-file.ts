/**
 * An object of any format for the link step: a file of its own, or a member of an archive. Here is the one place that knows
 * which formats there are.
 */
import { createHash } from 'node:crypto';
import { coffLinkInput } from './coff-link-input.js';
import { looksLikeCoff, parseCoffObject } from './coff-object.js';
import { FILE_TYPE } from './elf-constants.js';
import { fail, freshBudget, readElfFile, type ElfFile } from './elf-file.js';
import { refuseLinkTimeCode } from './foreign.js';
import type { Image } from './image.js';
import type { LinkInput } from './link-input.js';
import { readObject } from './object.js';

const ELF_MAGIC = [0x7f, 0x45, 0x4c, 0x46];

/** An object that was read. */
export interface ObjectFile {
  input: LinkInput;
  format: Image['format'];
  /** SHA-256 of its bytes, hexadecimal. */
  hash: string;
  /** Where its debug sections are. */
  elf?: ElfFile;
}

/** What all members of an archive together may come to. */
export type ReadBudget = Pick<ElfFile, 'names' | 'symbolsLeft'>;

export function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

export function isElf(bytes: Uint8Array): boolean {
  return startsWith(bytes, ELF_MAGIC);
}

/** Whether the bytes are an object, sound or not, and no executable. */
export function isObject(bytes: Uint8Array): boolean {
  if (!isElf(bytes)) return looksLikeCoff(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return bytes.length >= 18 && view.getUint16(16, bytes[5] !== 2) === FILE_TYPE.relocatable;
}

/**
 * @param name for messages: escaped and bounded
 * @throws ImageError for one that is damaged, for another machine, or no object
 */
export function readObjectFile(bytes: Uint8Array, name: string, budget: ReadBudget = freshBudget()): ObjectFile {
  if (!isElf(bytes)) return readCoffFile(bytes, name, budget);
  const elf = readElfFile(bytes, name, budget);
  if (elf.type !== FILE_TYPE.relocatable) fail(elf, 'is linked already, and no object; give it by itself');
  refuseLinkTimeCode(elf);
  const input = readObject(elf);
  budget.symbolsLeft = elf.symbolsLeft;
  return { input, format: 'elf-object', hash: hashOf(bytes), elf };
}

function readCoffFile(bytes: Uint8Array, name: string, budget: ReadBudget): ObjectFile {
  if (!looksLikeCoff(bytes)) fail({ name }, 'is no object');
  return { input: coffLinkInput(parseCoffObject(bytes, name, budget)), format: 'coff-object', hash: hashOf(bytes) };
}

/** SHA-256, hexadecimal. */
export function hashOf(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

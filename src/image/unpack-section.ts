/** Sections that are stored compressed: by the section header's flag, or by an old name of GNU's. */
import { inflateSync } from 'node:zlib';
import { DamagedDebug, TooMuchDebug } from './dwarf-reader.js';
import { SECTION_FLAG } from './elf-constants.js';
import { contents, size64, type ElfFile, type ElfSection } from './elf-file.js';
import { isDamagedPacking } from './packing.js';
import { unpackZstd } from './zstd.js';

/** Elf64_Chdr and its types (System V gABI, chapter 4, "Section Compression"). */
const HEADER = 24;
const TYPE = { zlib: 1, zstd: 2 } as const;
/** `.zdebug_line`: "ZLIB", the size as 8 bytes with the highest first, and a zlib stream (GNU binutils before 2.26). */
const OLD_PREFIX = '.zdebug_';
const OLD_MAGIC = 'ZLIB';
const OLD_HEADER = 12;

/** The most that all sections of an image together may unpack to, in bytes: some twice what large kernels have of lines. */
const MOST_BYTES = 2 ** 27;
/** So many bytes are unpacked however few they came from. */
const FREE_BYTES = 2 ** 24;
/** Beyond that, so many for each byte in the file: tables of lines shrink to a third or a tenth. */
const MOST_RATIO = 32;

/** Bytes that an image's sections may still unpack to. */
export interface UnpackBudget {
  left: number;
}

export function newUnpackBudget(): UnpackBudget {
  return { left: MOST_BYTES };
}

/** Whether a section has this name, in the old compressed form or without. */
export function isNamed({ name }: ElfSection, wanted: string): boolean {
  return name === wanted || (name.startsWith(OLD_PREFIX) && `.debug_${name.slice(OLD_PREFIX.length)}` === wanted);
}

/**
 * The bytes of a section, unpacked. A section that is stored as it is costs nothing: it is a view of the file.
 * @throws DamagedDebug for a form that nobody knows, or bytes that do not come to the stated size; TooMuchDebug past the budget
 */
export function unpacked(file: ElfFile, section: ElfSection, budget: UnpackBudget): Uint8Array {
  const bytes = contents(file, section);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if ((section.flags & SECTION_FLAG.compressed) !== 0) {
    if (bytes.length < HEADER) throw new DamagedDebug();
    const size = take(budget, size64(view, 8), bytes.length);
    return unpackedAs(view.getUint32(0, true), bytes.subarray(HEADER), size);
  }
  if (!section.name.startsWith(OLD_PREFIX)) return bytes;
  if (bytes.length < OLD_HEADER || Buffer.from(bytes.subarray(0, 4)).toString('latin1') !== OLD_MAGIC)
    throw new DamagedDebug();
  const size = take(budget, view.getUint32(4) * 2 ** 32 + view.getUint32(8), bytes.length);
  return unpackedAs(TYPE.zlib, bytes.subarray(OLD_HEADER), size);
}

function take(budget: UnpackBudget, size: number, packed: number): number {
  if (size > Math.max(FREE_BYTES, packed * MOST_RATIO)) throw new TooMuchDebug();
  budget.left -= size;
  if (budget.left < 0) throw new TooMuchDebug();
  return size;
}

function unpackedAs(type: number, bytes: Uint8Array, size: number): Uint8Array {
  let found: Uint8Array;
  try {
    if (type === TYPE.zstd) found = unpackZstd(bytes, size);
    else if (type === TYPE.zlib) found = inflateSync(bytes, { maxOutputLength: Math.max(1, size) });
    else throw new DamagedDebug();
  } catch (error) {
    if (error instanceof DamagedDebug || isDamagedPacking(error)) throw new DamagedDebug();
    throw error;
  }
  if (found.length !== size) throw new DamagedDebug();
  return found;
}

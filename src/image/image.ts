/** What an image is: machine code as its owner built it, laid out in memory, with names and the exception-fixup table. */
import { UsageError } from '../errors.js';

/** One contiguous range of mapped memory. Ranges of one image never overlap. */
export interface Segment {
  /** An object's section name (not unique), `LOAD0`... for an executable, `COMMON` and `GOT` for what the loader made. Escaped. */
  name: string;
  /** First address, 64 bits unsigned. */
  address: bigint;
  /** Bytes in memory; what lies past `bytes` is zero. */
  size: number;
  /** Contents after relocation. May share memory with the file's bytes: read only. */
  bytes: Uint8Array;
  read: boolean;
  write: boolean;
  execute: boolean;
  /** Of an image of several files, the one that it comes from: an index of `Image.files`. */
  file?: number;
}

/** A defined symbol. Section, file and thread-local symbols are left out. */
export interface ImageSymbol {
  /** Escaped, at most {@link NAME_LIMIT} bytes in the file. */
  name: string;
  /** 64 bits unsigned. */
  address: bigint;
  /** Bytes; 0 is unknown: see `functionExtent`. */
  size: number;
  kind: 'function' | 'object' | 'untyped';
  /** Global or weak binding. */
  global: boolean;
  /** The segment's name; {@link ABSOLUTE} for an absolute symbol, empty for an address that no segment holds. */
  segment: string;
  /** Of an image of several files, the one that defines it: an index of `Image.files`. */
  file?: number;
  /** STT_GNU_IFUNC: no function, but the code that chooses one when a program starts. */
  indirect?: true;
}

/** An undefined symbol that a relocation refers to. It has a 16-byte slot of its own, in a range that is not mapped. */
export interface External {
  name: string;
  address: bigint;
}

/** An entry of the kernel's `__ex_table`: a fault at `from` continues at `to`. */
export interface Fixup {
  from: bigint;
  to: bigint;
  /** The low byte of the entry's third word, EX_TYPE_*: 2 is EX_TYPE_FAULT (Linux 5.16+, extable_fixup_types.h). */
  type: number;
}

/**
 * Bytes that nobody knows: of a relocation that cannot be applied, of a section without contents. Only a run that executes
 * or reads them has no verdict.
 */
export interface BadPlace {
  address: bigint;
  size: number;
  /** One line: what, where, what to do. */
  reason: string;
}

/** An image, read whole and checked. Treated as immutable: `symbols.ts` keeps an index per image. */
export interface Image {
  /** File name for messages: escaped and bounded. */
  name: string;
  /** `case-pages`: the pages that a stored case carries of whatever it was. */
  format: 'elf-object' | 'elf-executable' | 'coff-object' | 'pe-executable' | 'case-pages';
  /**
   * The calling convention that code of this format has where nobody says otherwise: System V for ELF, Microsoft x64 for
   * COFF and PE. A contract says what one function really has.
   */
  convention: 'sysv' | 'ms-x64';
  /** SHA-256 of the file, hexadecimal; of several files, over their hashes in order. */
  hash: string;
  /** In ascending order of address, each of at least one byte. */
  segments: Segment[];
  symbols: ImageSymbol[];
  externals: External[];
  fixups: Fixup[];
  /** By address; absent where there are none. */
  badPlaces?: readonly BadPlace[];
  /** Names of the files that were linked into it, where there are several: `ImageSymbol.file` counts in them. */
  files?: readonly string[];
  /** GS base with which its per-CPU data is reached, if it says so: see per-cpu.ts. */
  gsBase?: bigint;
  /** Bytes by which it was moved up from the addresses that it was linked for; absent: it lies there, or was never linked. */
  moved?: bigint;
  /** Of a PE image, the address that its own tables and its linker's RVAs count from. */
  base?: bigint;
}

/** `segment` of a symbol that is a plain number. */
export const ABSOLUTE = '*ABS*';
/** The longest name in bytes that a file may hold. */
export const NAME_LIMIT = 4096;
/** The largest file, and the most memory an image may ask for, in bytes. */
export const SIZE_LIMIT = 2 ** 30;

const INDIRECT = 'ifunc@';

/** Name of the external that stands for whatever the resolver of an STT_GNU_IFUNC symbol would choose. */
export function indirectName(name: string): string {
  return `${INDIRECT}${name}`;
}

/** The name of the IFUNC symbol that an external stands for; undefined for any other external. */
export function indirectOf(external: string): string | undefined {
  return external.startsWith(INDIRECT) ? external.slice(INDIRECT.length) : undefined;
}

/** The image cannot be used. The message is one line: what, where, what to do. */
export class ImageError extends UsageError {
  override readonly name: string = 'ImageError';
}

/** The frame of a PE32+ image (.exe, .dll, .efi) or of its terse form (TE): headers, sections, data directories. */
import { hex } from '../text/hex.js';
import { DIRECTORY, COFF_HEADER_SIZE, MACHINE_AMD64 } from './coff-constants.js';
import { machineName } from './coff-object.js';
import {
  checkCoffRange,
  type CoffFile,
  coffFile,
  type CoffSection,
  openStrings,
  readCoffSections,
  type SymbolPlace,
} from './coff-tables.js';
import { fail } from './elf-file.js';

/** Where a table of the loader lies; a size of 0 is no table. */
export interface Directory {
  /** From the image base. */
  address: number;
  /** Bytes. */
  size: number;
}

export interface PeFile extends CoffFile {
  sections: CoffSection[];
  /** For which the image was linked. */
  base: bigint;
  /** Bytes at the image base that the headers take. */
  headersSize: number;
  /** There are no base relocations because somebody took them away: it lies at its base or nowhere. */
  isFixed: boolean;
  directories: Readonly<Record<keyof typeof DIRECTORY, Directory>>;
  symbols: SymbolPlace;
  /** Bytes that TE took from the front of the file: file offsets in its section headers count them. */
  stripped: number;
}

const NONE: Directory = { address: 0, size: 0 };
const RELOCS_STRIPPED = 1;
const MAGIC = { pe32: 0x10b, pe32Plus: 0x20b } as const;
/** IMAGE_COR20_HEADER.Flags, COMIMAGE_FLAGS_ILONLY (corhdr.h). */
const CODE_IS_MANAGED = 1;
const MANAGED_FLAGS_AT = 16;
/** Bytes in front of the data directories, and of the ROM form's header. */
const OPTIONAL_SIZE = { [MAGIC.pe32]: 96, [MAGIC.pe32Plus]: 112 } as const;
const TE_HEADER_SIZE = 40;
/** Of images; no tool writes the wide form there. */
const SYMBOL_SIZE = 18;

/**
 * Reads the headers of an x86-64 PE or TE image.
 * @param name for messages: escaped and bounded
 * @throws ImageError for any other file, and for a header or table that reaches past the end of the file
 */
export function readPeFile(bytes: Uint8Array, name: string): PeFile {
  const file = coffFile(bytes, name);
  return bytes[0] === 0x56 ? readTerse(file) : readFull(file);
}

function readFull(file: CoffFile): PeFile {
  const { view, bytes } = file;
  if (bytes.length < 64) fail(file, 'truncated: the MS-DOS header is cut off; build or copy it again');
  const start = view.getUint32(60, true);
  if (start + 4 > bytes.length || view.getUint32(start, true) !== 0x4550)
    fail(file, 'an MS-DOS program, or a PE file that is cut off: no PE header; give a PE32+ image for x86-64');
  const header = start + 4;
  checkCoffRange(file, 'the COFF header', header, COFF_HEADER_SIZE);
  const optional = header + COFF_HEADER_SIZE;
  const optionalSize = view.getUint16(header + 16, true);
  checkCoffRange(file, 'the optional header', optional, optionalSize);
  const magic = optionalSize >= 2 ? view.getUint16(optional, true) : 0;
  const sectionTable = optional + optionalSize;
  const sectionCount = view.getUint16(header + 2, true);
  if (magic === MAGIC.pe32 || magic === MAGIC.pe32Plus)
    refuseManaged(file, magic, optional, optionalSize, sectionTable, sectionCount);
  const machine = view.getUint16(header, true);
  if (machine !== MACHINE_AMD64) fail(file, `PE for ${machineName(machine)}; give x86-64 code`);
  if (magic === MAGIC.pe32) fail(file, 'PE32, the 32-bit form; give a PE32+ image for x86-64');
  if (magic !== MAGIC.pe32Plus)
    fail(file, `PE with the unknown optional header ${hex(magic)}; give a PE32+ image for x86-64`);
  if (optionalSize < OPTIONAL_SIZE[magic])
    fail(file, `an optional header of ${optionalSize} bytes; the file is damaged: build it again`);
  const directory = (index: number): Directory => directoryAt(file, magic, optional, optionalSize, index);
  const symbols = openSymbols(file, view.getUint32(header + 8, true), view.getUint32(header + 12, true));
  return {
    ...file,
    sections: readCoffSections(file, sectionTable, sectionCount),
    base: view.getBigUint64(optional + 24, true),
    headersSize: Math.min(view.getUint32(optional + 60, true), bytes.length),
    isFixed: (view.getUint16(header + 18, true) & RELOCS_STRIPPED) !== 0,
    directories: {
      exports: directory(DIRECTORY.exports),
      imports: directory(DIRECTORY.imports),
      relocations: directory(DIRECTORY.relocations),
      delayedImports: directory(DIRECTORY.delayedImports),
      managed: directory(DIRECTORY.managed),
    },
    symbols,
    stripped: 0,
  };
}

/**
 * Opens the string table behind the symbols, where long section names stand too. No loader of images looks at either, and
 * tools leave anything in these fields: a table that is not there counts as none.
 */
function openSymbols(file: CoffFile, offset: number, count: number): SymbolPlace {
  const strings = offset + count * SYMBOL_SIZE;
  const { length } = file.bytes;
  const isThere = offset > 0 && strings + 4 <= length && strings + file.view.getUint32(strings, true) <= length;
  if (isThere) openStrings(file, strings);
  return { offset, count: isThere ? count : 0, entrySize: SYMBOL_SIZE };
}

function directoryAt(
  { view }: CoffFile,
  magic: keyof typeof OPTIONAL_SIZE,
  optional: number,
  optionalSize: number,
  index: number,
): Directory {
  const first = OPTIONAL_SIZE[magic];
  if (optionalSize < first) return NONE;
  const count = Math.min(view.getUint32(optional + first - 4, true), Math.floor((optionalSize - first) / 8));
  if (index >= count) return NONE;
  const at = optional + first + index * 8;
  return { address: view.getUint32(at, true), size: view.getUint32(at + 4, true) };
}

/** .NET says so before anything else: its images have any machine, and PE32 or PE32+. Mixed code is native where it has to be. */
function refuseManaged(
  file: CoffFile,
  magic: keyof typeof OPTIONAL_SIZE,
  optional: number,
  optionalSize: number,
  sectionTable: number,
  sectionCount: number,
): void {
  const { address, size } = directoryAt(file, magic, optional, optionalSize, DIRECTORY.managed);
  if (size === 0 || address === 0) return;
  const holder = readCoffSections(file, sectionTable, sectionCount).find(
    ({ virtualAddress, rawSize }) => address >= virtualAddress && address - virtualAddress + size <= rawSize,
  );
  const at = holder === undefined ? 0 : holder.rawOffset + address - holder.virtualAddress + MANAGED_FLAGS_AT;
  const isManaged =
    holder === undefined || at + 4 > file.bytes.length || file.view.getUint32(at, true) & CODE_IS_MANAGED;
  if (isManaged) fail(file, 'a .NET assembly: its code is no machine code; give a native x86-64 image');
}

/** EFI_TE_IMAGE_HEADER (EDK2, MdePkg, PeImage.h): of the data directories it keeps the base relocations. */
function readTerse(file: CoffFile): PeFile {
  const { view } = file;
  checkCoffRange(file, 'the TE header', 0, TE_HEADER_SIZE);
  const machine = view.getUint16(2, true);
  if (machine !== MACHINE_AMD64) fail(file, `TE image for ${machineName(machine)}; give x86-64 code`);
  const stripped = view.getUint16(6, true) - TE_HEADER_SIZE;
  if (stripped < 0) fail(file, 'a TE header that took less than it needs; the file is damaged: build it again');
  return {
    ...file,
    sections: readCoffSections(file, TE_HEADER_SIZE, view.getUint8(4)),
    base: view.getBigUint64(16, true),
    headersSize: 0,
    isFixed: false,
    directories: {
      exports: NONE,
      imports: NONE,
      relocations: { address: view.getUint32(24, true), size: view.getUint32(28, true) },
      delayedImports: NONE,
      managed: NONE,
    },
    symbols: { offset: 0, count: 0, entrySize: SYMBOL_SIZE },
    stripped,
  };
}

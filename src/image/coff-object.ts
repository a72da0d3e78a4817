/** A COFF object as it stands in its file, regular or with the header of /bigobj: no addresses are worked out here. */
import { shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import {
  BIG_HEADER_SIZE,
  BIG_OBJECT_CLASS,
  COFF_FLAG,
  COFF_HEADER_SIZE,
  COFF_MACHINES,
  COFF_RELOCATION_SIZE,
  MACHINE_AMD64,
} from './coff-constants.js';
import {
  checkCoffRange,
  type CoffFile,
  coffFile,
  type CoffSection,
  type CoffSymbol,
  describeCoff,
  openStrings,
  readCoffSections,
  readCoffSymbols,
  type SymbolPlace,
} from './coff-tables.js';
import { fail } from './elf-file.js';

export interface CoffRelocation {
  /** From the start of the section. */
  offset: number;
  /** Index in the symbol table. */
  symbol: number;
  /** IMAGE_REL_AMD64_*. */
  type: number;
}

export interface CoffObject extends CoffFile {
  sections: CoffSection[];
  /** By index, with gaps where auxiliary entries stand. */
  symbols: (CoffSymbol | undefined)[];
}

/** The frame of an object: where its tables lie. */
interface Frame {
  machine: number;
  sections: number;
  sectionCount: number;
  symbols: SymbolPlace;
}

const ANONYMOUS = [0x00, 0x00, 0xff, 0xff];
const DAMAGED = 'the file is damaged: build it again';
/** Shown for what the compiler left for the linker to compile. */
const LINK_TIME_CODE = 'no machine code';

function startsWith(bytes: Uint8Array, magic: readonly number[], at = 0): boolean {
  return magic.every((byte, index) => bytes[at + index] === byte);
}

/** Whether a file has the header of a large object, an import object or another anonymous one; x86-64 COFF has only its machine. */
export function looksLikeCoff(bytes: Uint8Array): boolean {
  return isForAmd64(bytes) || startsWith(bytes, ANONYMOUS) || isForeignCoff(bytes);
}

function isForAmd64(bytes: Uint8Array): boolean {
  return startsWith(bytes, [MACHINE_AMD64 & 0xff, MACHINE_AMD64 >> 8]);
}

/** Of another machine, whose number two bytes of any file may be: the header must make sense too. */
function isForeignCoff(bytes: Uint8Array): boolean {
  if (bytes.length < COFF_HEADER_SIZE) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { sections, sectionCount, symbols, machine } = regularFrame(view);
  return (
    COFF_MACHINES[machine] !== undefined &&
    view.getUint16(16, true) === 0 &&
    sectionCount > 0 &&
    sections + sectionCount * 40 <= bytes.length &&
    symbols.offset + symbols.count * 18 <= bytes.length
  );
}

/** An entry of an import library that stands for one function of a DLL, and holds no code. */
export function isImportObject(bytes: Uint8Array): boolean {
  return startsWith(bytes, ANONYMOUS) && startsWith(bytes, [0, 0], 4);
}

function regularFrame(view: DataView): Frame {
  return {
    machine: view.getUint16(0, true),
    sectionCount: view.getUint16(2, true),
    sections: COFF_HEADER_SIZE + view.getUint16(16, true),
    symbols: { offset: view.getUint32(8, true), count: view.getUint32(12, true), entrySize: 18 },
  };
}

function readFrame(file: CoffFile): Frame {
  const { bytes, view } = file;
  if (!startsWith(bytes, ANONYMOUS)) {
    checkCoffRange(file, 'the COFF header', 0, COFF_HEADER_SIZE);
    return regularFrame(view);
  }
  if (isImportObject(bytes))
    fail(file, 'an entry of an import library: it names a function of a DLL and holds no code; give the DLL');
  checkCoffRange(file, 'the header of the object', 0, 28);
  if (!startsWith(bytes, BIG_OBJECT_CLASS, 12))
    fail(file, `compiled for link-time code generation (/GL), ${LINK_TIME_CODE} in it; build without /GL and /LTCG`);
  checkCoffRange(file, 'the header of the object', 0, BIG_HEADER_SIZE);
  return {
    machine: view.getUint16(6, true),
    sectionCount: view.getUint32(44, true),
    sections: BIG_HEADER_SIZE,
    symbols: { offset: view.getUint32(48, true), count: view.getUint32(52, true), entrySize: 20 },
  };
}

/** Names a machine in a message. */
export function machineName(machine: number): string {
  return COFF_MACHINES[machine] ?? `machine ${hex(machine)}`;
}

/**
 * Reads the tables of an x86-64 COFF object.
 * @param name for messages: escaped and bounded
 * @param budget what all files of an image together may come to
 * @throws ImageError for any other file, and for a header, table or section that reaches past the end of the file
 */
export function parseCoffObject(bytes: Uint8Array, name: string, budget?: CoffFile['budget']): CoffObject {
  const file = coffFile(bytes, name, budget);
  const { machine, sections: table, sectionCount, symbols: place } = readFrame(file);
  if (machine !== MACHINE_AMD64) fail(file, `COFF for ${machineName(machine)}; give x86-64 code`);
  checkCoffRange(file, 'the section header table', table, sectionCount * 40);
  checkCoffRange(file, 'the symbol table', place.offset, place.count * place.entrySize);
  if (place.offset > 0) openStrings(file, place.offset + place.count * place.entrySize);
  const sections = readCoffSections(file, table, sectionCount);
  const symbols = place.offset > 0 ? readCoffSymbols(file, place, sections.length) : [];
  const object: CoffObject = { ...file, sections, symbols };
  checkContents(object);
  return object;
}

/** What is in memory before the program runs is in the file, and in one place each. */
function checkContents(object: CoffObject): void {
  const { bytes, sections } = object;
  let contents = 0;
  let relocations = 0;
  for (const section of sections) {
    if (hasContents(section)) {
      checkCoffRange(object, describeCoff(section), section.rawOffset, section.rawSize);
      contents += section.rawSize;
    }
    const { offset, count } = relocationTable(object, section);
    checkCoffRange(object, `the relocations of ${describeCoff(section)}`, offset, count * COFF_RELOCATION_SIZE);
    relocations += count;
  }
  // Sections that share bytes would make the work larger than the file.
  if (contents > bytes.length) fail(object, `sections overlap; ${DAMAGED}`);
  if (relocations * COFF_RELOCATION_SIZE > bytes.length) fail(object, `relocation tables overlap; ${DAMAGED}`);
  const code = sections.filter(({ flags, rawSize }) => flags & COFF_FLAG.execute && rawSize > 0);
  if (code.length > 0 && !code.some(hasContents))
    fail(object, 'holds debug information only, no code; give the object it was split from');
  if (code.length === 0 && sections.some(({ name }) => name.startsWith('.gnu.lto_')))
    fail(object, `compiled with -flto, ${LINK_TIME_CODE} in it; build with -fno-lto or -ffat-lto-objects`);
}

/** Whether the file holds the section's bytes; zeros otherwise. */
export function hasContents({ flags, rawOffset }: CoffSection): boolean {
  return (flags & COFF_FLAG.uninitialised) === 0 && rawOffset > 0;
}

/** A view, not a copy; empty for memory that begins as zeros. */
export function coffContents({ bytes }: CoffFile, section: CoffSection): Uint8Array {
  return hasContents(section)
    ? bytes.subarray(section.rawOffset, section.rawOffset + section.rawSize)
    : new Uint8Array(0);
}

/** Where a section's relocations lie in the file. Of more than 65534 the first is their number, itself included. */
function relocationTable(file: CoffFile, section: CoffSection): { offset: number; count: number } {
  const { relocations: offset, relocationCount: count, flags } = section;
  if ((flags & COFF_FLAG.manyRelocations) === 0 || count !== 0xffff) return { offset, count };
  checkCoffRange(file, `the relocations of ${describeCoff(section)}`, offset, COFF_RELOCATION_SIZE);
  const all = file.view.getUint32(offset, true);
  if (all === 0) fail(file, `${describeCoff(section)} counts its relocations wrongly; ${DAMAGED}`);
  return { offset: offset + COFF_RELOCATION_SIZE, count: all - 1 };
}

/** Visits the relocations of a section, in order. The visitor must not keep the entry. */
export function eachCoffRelocation(
  file: CoffFile,
  section: CoffSection,
  visit: (relocation: CoffRelocation) => void,
): void {
  const { offset, count } = relocationTable(file, section);
  const entry: CoffRelocation = { offset: 0, symbol: 0, type: 0 };
  for (let index = 0; index < count; index++) {
    const at = offset + index * COFF_RELOCATION_SIZE;
    entry.offset = file.view.getUint32(at, true);
    entry.symbol = file.view.getUint32(at + 4, true);
    entry.type = file.view.getUint16(at + 8, true);
    visit(entry);
  }
}

/** Bytes; what an object's section without a number gets is 16 (PE/COFF specification, "Section Flags"). */
export function coffAlignment(section: CoffSection): number {
  const exponent = (section.flags >>> 20) & 15;
  return exponent === 0 ? 16 : 2 ** (exponent - 1);
}

/** For people: a symbol's name, or its index if it has none. */
export function symbolLabel(symbol: CoffSymbol | undefined, index: number): string {
  return symbol === undefined || symbol.name === '' ? `symbol ${index}` : shorten(symbol.name);
}

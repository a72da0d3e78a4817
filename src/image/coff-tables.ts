/** Section headers, symbols and names: what COFF objects and PE images have in common. Everything is bounds checked here. */
import { shorten, escapeName } from '../text/escape.js';
import { hex } from '../text/hex.js';
import { COFF_INDEX, COFF_SECTION_SIZE, STORAGE } from './coff-constants.js';
import { type ElfFile, fail, freshBudget } from './elf-file.js';
import { StringTable } from './string-table.js';

/** A file that holds COFF tables. */
export interface CoffFile {
  /** For messages: escaped and bounded. */
  name: string;
  bytes: Uint8Array;
  view: DataView;
  /** Names of more than 8 bytes; undefined where the file has no symbol table. */
  strings?: StringTable;
  /** What the names and symbols of this file, or of all files of an image, may still come to. */
  budget: Budget;
}

type Budget = Pick<ElfFile, 'names' | 'symbolsLeft'>;

export interface CoffSection {
  /** From 1, as symbols count. */
  index: number;
  /** Escaped. */
  name: string;
  /** VirtualSize and VirtualAddress: of images; objects have 0. */
  virtualSize: number;
  virtualAddress: number;
  /** SizeOfRawData and PointerToRawData. */
  rawSize: number;
  rawOffset: number;
  relocations: number;
  /** NumberOfRelocations. */
  relocationCount: number;
  /** IMAGE_SCN_*, unsigned. */
  flags: number;
}

export interface CoffSymbol {
  /** Escaped. */
  name: string;
  /** 32 bits unsigned. */
  value: number;
  /** From 1; {@link COFF_INDEX} for others. */
  section: number;
  isFunction: boolean;
  /** {@link STORAGE}. */
  storage: number;
  /** Bytes of a function; 0 is unknown. */
  size: number;
  /** Of a weak external: index of the symbol that stands in for it. */
  fallback?: number;
  /** Of a section's own symbol: what its COMDAT is. `parent` is the section that an associative one goes with. */
  definition?: { selection: number; parent: number };
}

/** More than any build makes, few enough to hold in memory. */
const SECTION_LIMIT = 1 << 20;

export function coffFile(bytes: Uint8Array, name: string, budget: Budget = freshBudget()): CoffFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { name, bytes, view, budget };
}

/** "section 3 (.text$mn)" for messages. */
export function describeCoff(section: CoffSection): string {
  return `section ${section.index} (${shorten(section.name)})`;
}

/** @throws ImageError unless the file has these bytes */
export function checkCoffRange(file: CoffFile, what: string, offset: number, size: number): void {
  if (offset + size > file.bytes.length)
    fail(
      file,
      `truncated: ${what} needs bytes ${hex(offset)} to ${hex(offset + size)}, the file has ${hex(file.bytes.length)}; build or copy it again`,
    );
}

/** Opens the string table, which follows the symbols. Its first word is its size in bytes, itself included. */
export function openStrings(file: CoffFile, offset: number): void {
  // A file that ends with its symbols has no long names.
  if (offset === file.bytes.length) return;
  checkCoffRange(file, 'the string table', offset, 4);
  const size = Math.max(4, file.view.getUint32(offset, true));
  checkCoffRange(file, 'the string table', offset, size);
  file.strings = new StringTable(
    file.name,
    file.bytes.subarray(offset, offset + size),
    'the COFF string table',
    file.budget.names,
  );
}

/** Reads `count` section headers. */
export function readCoffSections(file: CoffFile, offset: number, count: number): CoffSection[] {
  checkCoffRange(file, 'the section header table', offset, count * COFF_SECTION_SIZE);
  if (count > SECTION_LIMIT)
    fail(file, `${count} sections, at most ${SECTION_LIMIT} are read; link or build less into one file`);
  const { view } = file;
  return Array.from({ length: count }, (_, index) => {
    const at = offset + index * COFF_SECTION_SIZE;
    return {
      index: index + 1,
      name: sectionName(file, at),
      virtualSize: view.getUint32(at + 8, true),
      virtualAddress: view.getUint32(at + 12, true),
      rawSize: view.getUint32(at + 16, true),
      rawOffset: view.getUint32(at + 20, true),
      relocations: view.getUint32(at + 24, true),
      relocationCount: view.getUint16(at + 32, true),
      flags: view.getUint32(at + 36, true),
    };
  });
}

/** Up to 8 bytes, or `/` and the decimal offset of a longer name; `//` and base 64 is what LLVM writes for large offsets. */
function sectionName(file: CoffFile, at: number): string {
  const text = shortName(file, at);
  const decimal = /^\/(\d{1,7})$/.exec(text);
  const base64 = /^\/\/([A-Za-z0-9+/]{6})$/.exec(text);
  if (file.strings === undefined) return escapeName(text);
  if (decimal !== null) return file.strings.at(Number(decimal[1]));
  return base64 === null ? escapeName(text) : file.strings.at(fromBase64(base64[1]));
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The most significant digit comes first. */
function fromBase64(digits: string): number {
  return digits.split('').reduce((value, digit) => value * 64 + BASE64.indexOf(digit), 0);
}

function shortName(file: CoffFile, at: number): string {
  const bytes = file.bytes.subarray(at, at + 8);
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
}

/** A symbol table as it stands in a file: 18 bytes an entry, 20 where sections count in 32 bits. */
export interface SymbolPlace {
  offset: number;
  count: number;
  entrySize: 18 | 20;
}

/**
 * Reads the symbols by their index; where auxiliary entries stand is a gap. Opens the string table.
 * @param sections how many the file has
 * @throws ImageError for a table that is cut, or refers outside its file
 */
export function readCoffSymbols(file: CoffFile, place: SymbolPlace, sections: number): (CoffSymbol | undefined)[] {
  const { offset, count, entrySize } = place;
  checkCoffRange(file, 'the symbol table', offset, count * entrySize);
  file.budget.symbolsLeft -= count;
  if (file.budget.symbolsLeft < 0)
    fail(file, `${count} symbols are more than can be read; strip local symbols (objcopy --discard-all)`);
  const symbols: (CoffSymbol | undefined)[] = Array.from({ length: count }, () => undefined);
  for (let index = 0; index < count;) {
    const at = offset + index * entrySize;
    const further = file.bytes[at + entrySize - 1];
    if (index + further >= count)
      fail(file, `truncated: symbol ${index} has ${further} auxiliary entries behind it; build or copy it again`);
    const symbol = readSymbol(file, at, entrySize, further);
    if (symbol.section > sections || symbol.section < COFF_INDEX.debug)
      fail(file, `symbol ${index} is in section ${symbol.section} of ${sections}; the file is damaged: build it again`);
    symbols[index] = symbol;
    index += 1 + further;
  }
  return symbols;
}

function readSymbol(file: CoffFile, at: number, entrySize: number, further: number): CoffSymbol {
  const { view } = file;
  const isWide = entrySize === 20;
  const fields = at + (isWide ? 16 : 14);
  const type = view.getUint16(fields, true);
  const storage = view.getUint8(fields + 2);
  const symbol: CoffSymbol = {
    name: symbolName(file, at),
    value: view.getUint32(at + 8, true),
    section: isWide ? view.getInt32(at + 12, true) : view.getInt16(at + 12, true),
    // The derived type "function" of the upper bits; the base type is none in all that compilers write.
    isFunction: (type & 0x30) === 0x20,
    storage,
    size: 0,
  };
  if (further === 0) return symbol;
  const auxiliary = at + entrySize;
  if (storage === STORAGE.weak) symbol.fallback = view.getUint32(auxiliary, true);
  // GNU as fills the wide entry of a function as if it were a weak symbol's.
  else if (symbol.isFunction && symbol.section > 0 && !isWide) symbol.size = view.getUint32(auxiliary + 4, true);
  else if (storage === STORAGE.static && symbol.section > 0 && !symbol.isFunction) {
    const high = isWide ? view.getUint16(auxiliary + 16, true) : 0;
    const parent = high * 0x10000 + view.getUint16(auxiliary + 12, true);
    symbol.definition = { selection: view.getUint8(auxiliary + 14), parent };
  }
  return symbol;
}

function symbolName(file: CoffFile, at: number): string {
  if (file.view.getUint32(at, true) !== 0) return escapeName(shortName(file, at));
  const offset = file.view.getUint32(at + 4, true);
  if (offset === 0) return '';
  if (file.strings === undefined)
    fail(file, `a symbol has a name at ${hex(offset)} of a string table that is not there; build or copy it again`);
  return file.strings.at(offset);
}

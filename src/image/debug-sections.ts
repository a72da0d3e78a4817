/** The debug sections that hold line tables, unpacked and relocated. */
import { FILE_TYPE, INDEX, RELOCATION, SECTION, SECTION_FLAG } from './elf-constants.js';
import type { ElfFile, ElfSection } from './elf-file.js';
import { ImageError } from './image.js';
import { readSymbols, type ElfSymbol } from './elf-symbols.js';
import { compileFolders } from './compile-folders.js';
import { DamagedDebug, TooMuchDebug } from './dwarf-reader.js';
import type { LineSections } from './line-files.js';
import { eachRela, relaCount, writeValue } from './relocation.js';
import { isNamed, type UnpackBudget, unpacked } from './unpack-section.js';

const NONE = new Uint8Array(0);
const NO_FOLDERS: ReadonlyMap<number, Uint8Array> = new Map();

/** Debug sections of one file. */
class DebugSections {
  private readonly symbols = new Map<number, ElfSymbol[]>();

  constructor(
    private readonly file: ElfFile,
    private readonly budget: UnpackBudget,
  ) {}

  named(name: string): ElfSection[] {
    return this.file.sections.filter((section) => isNamed(section, name));
  }

  /** The first section of this name, as it stands: nothing in strings and abbreviations is relocated. */
  plain(name: string): Uint8Array {
    const section = this.file.sections.find((candidate) => isNamed(candidate, name));
    return section === undefined ? NONE : unpacked(this.file, section, this.budget);
  }

  /** In an object the addresses and the offsets of strings stand in relocations. */
  relocated(section: ElfSection): Uint8Array {
    const original = unpacked(this.file, section, this.budget);
    if (this.file.type !== FILE_TYPE.relocatable) return original;
    const tables = this.file.sections.filter(({ type, info }) => type === SECTION.rela && info === section.index);
    const count = tables.reduce((sum, table) => sum + relaCount(this.file, table), 0);
    if (count === 0) return original;
    if (count * 24 > this.file.bytes.length) throw new DamagedDebug();
    const bytes = new Uint8Array(original);
    for (const table of tables) this.apply(table, bytes);
    return bytes;
  }

  private apply(table: ElfSection, bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer);
    const symbols = this.symbolsOf(table.link);
    eachRela(this.file, table, ({ offset, type, symbol, addend }) => {
      if (type === RELOCATION.none) return;
      const width = type === RELOCATION.abs64 ? 8 : type === RELOCATION.abs32 ? 4 : 0;
      if (width === 0 || offset + BigInt(width) > BigInt(bytes.length)) throw new DamagedDebug();
      writeValue(view, Number(offset), width, this.addressOf(symbols[symbol]) + addend);
    });
  }

  private symbolsOf(index: number): ElfSymbol[] {
    let symbols = this.symbols.get(index);
    if (symbols === undefined) {
      const linked = this.file.sections[index];
      if (linked === undefined) throw new DamagedDebug();
      this.symbols.set(index, (symbols = readSymbols(this.file, linked)));
    }
    return symbols;
  }

  /** Of a section that is not loaded, the start is 0: what refers to it is an offset. */
  private addressOf(symbol: ElfSymbol | undefined): bigint {
    if (symbol === undefined) throw new DamagedDebug();
    if (symbol.special || symbol.section === INDEX.undefined) return symbol.value;
    const section = this.file.sections[symbol.section];
    return symbol.value + (section.flags & SECTION_FLAG.alloc ? section.address : 0n);
  }
}

/**
 * One entry per .debug_line of the file; most have one or none.
 * @param budget of all files of the image
 * @throws DamagedDebug, TooMuchDebug, or ImageError from the tables of the file
 */
export function debugLineSections(file: ElfFile, budget: UnpackBudget): LineSections[] {
  const sections = new DebugSections(file, budget);
  const lines = sections.named('.debug_line');
  if (lines.length === 0) return [];
  // Sections that share their bytes would make the work larger than the file.
  if (lines.reduce((sum, { size }) => sum + size, 0) > file.bytes.length) throw new DamagedDebug();
  const read = lines.map((section) => sections.relocated(section));
  const lineStrings = sections.plain('.debug_line_str');
  const strings = sections.plain('.debug_str');
  let folders: ReadonlyMap<number, Uint8Array> | undefined;
  return read.map((line, index) => ({
    line,
    lineStrings,
    strings,
    // Which of several tables an offset is of, nothing says.
    folders: () => (index > 0 ? NO_FOLDERS : (folders ??= foldersOf(sections, lineStrings, strings))),
  }));
}

/** The sections that hold types, of one file; undefined where it has none. */
export interface TypeSections {
  readonly infos: readonly Uint8Array[];
  readonly abbreviations: Uint8Array;
  readonly strings: Uint8Array;
  readonly lineStrings: Uint8Array;
  readonly stringOffsets: Uint8Array;
}

/**
 * @param budget of all files of the image
 * @throws DamagedDebug, TooMuchDebug, or ImageError from the tables of the file
 */
export function debugTypeSections(file: ElfFile, budget: UnpackBudget): TypeSections | undefined {
  const sections = new DebugSections(file, budget);
  const infos = sections.named('.debug_info');
  if (infos.length === 0) return undefined;
  // Sections that share their bytes would make the work larger than the file.
  if (infos.reduce((sum, { size }) => sum + size, 0) > file.bytes.length) throw new DamagedDebug();
  const [offsets] = sections.named('.debug_str_offsets');
  return {
    infos: infos.map((section) => sections.relocated(section)),
    abbreviations: sections.plain('.debug_abbrev'),
    strings: sections.plain('.debug_str'),
    lineStrings: sections.plain('.debug_line_str'),
    stringOffsets: offsets === undefined ? NONE : sections.relocated(offsets),
  };
}

/** Without them names stay relative: what is wrong in .debug_info takes no line away. */
function foldersOf(
  sections: DebugSections,
  lineStrings: Uint8Array,
  strings: Uint8Array,
): ReadonlyMap<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  try {
    const abbreviations = sections.plain('.debug_abbrev');
    // Units of types stand in sections of their own.
    for (const section of sections.named('.debug_info')) {
      const info = sections.relocated(section);
      for (const [unit, folder] of compileFolders({ info, abbreviations, lineStrings, strings }))
        found.set(unit, folder);
    }
  } catch (error) {
    if (!(error instanceof DamagedDebug || error instanceof TooMuchDebug || error instanceof ImageError)) throw error;
  }
  return found;
}

/** The debug sections that hold line tables, unpacked and relocated. */
import { inflateSync } from 'node:zlib';
import { FILE_TYPE, INDEX, RELOCATION, SECTION, SECTION_FLAG } from './elf-constants.js';
import { contents, size64, type ElfFile, type ElfSection } from './elf-file.js';
import { readSymbols, type ElfSymbol } from './elf-symbols.js';
import { DamagedDebug } from './dwarf-reader.js';
import type { LineSections } from './line-files.js';
import { eachRela, relaCount, writeValue } from './relocation.js';

/** Elf64_Chdr, and its type for zlib (System V gABI, chapter 4, "Section Compression"); Node 20 has no zstd. */
const COMPRESSION_HEADER = 24;
const COMPRESSION_ZLIB = 1;
/** The most that one section may unpack to, in bytes: some five times what the largest kernels have. */
const UNPACKED_LIMIT = 2 ** 28;

/**
 * One entry per .debug_line of the file; most have one or none.
 * @throws DamagedDebug, or ImageError from the tables of the file
 */
export function debugLineSections(file: ElfFile): LineSections[] {
  const named = (name: string): ElfSection[] => file.sections.filter((section) => section.name === name);
  const lines = named('.debug_line');
  if (lines.length === 0) return [];
  // Sections that share their bytes would make the work larger than the file.
  if (lines.reduce((sum, { size }) => sum + size, 0) > file.bytes.length) throw new DamagedDebug();
  const [lineStrings] = named('.debug_line_str').map((section) => unpacked(file, section));
  const [strings] = named('.debug_str').map((section) => unpacked(file, section));
  return lines.map((section) => ({
    line: relocated(file, section),
    lineStrings: lineStrings ?? new Uint8Array(0),
    strings: strings ?? new Uint8Array(0),
  }));
}

function unpacked(file: ElfFile, section: ElfSection): Uint8Array {
  const bytes = contents(file, section);
  if ((section.flags & SECTION_FLAG.compressed) === 0) return bytes;
  if (bytes.length < COMPRESSION_HEADER) throw new DamagedDebug();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = size64(view, 8);
  if (view.getUint32(0, true) !== COMPRESSION_ZLIB || size > UNPACKED_LIMIT) throw new DamagedDebug();
  try {
    return inflateSync(bytes.subarray(COMPRESSION_HEADER), { maxOutputLength: Math.max(1, size) });
  } catch {
    throw new DamagedDebug();
  }
}

/** In an object the addresses and the offsets of strings stand in relocations. */
function relocated(file: ElfFile, section: ElfSection): Uint8Array {
  const original = unpacked(file, section);
  if (file.type !== FILE_TYPE.relocatable) return original;
  const tables = file.sections.filter(({ type, info }) => type === SECTION.rela && info === section.index);
  const count = tables.reduce((sum, table) => sum + relaCount(file, table), 0);
  if (count === 0) return original;
  if (count * 24 > file.bytes.length) throw new DamagedDebug();
  const bytes = new Uint8Array(original);
  const view = new DataView(bytes.buffer);
  for (const table of tables) {
    const linked = file.sections[table.link];
    if (linked === undefined) throw new DamagedDebug();
    const symbols = readSymbols(file, linked);
    eachRela(file, table, ({ offset, type, symbol, addend }) => {
      if (type === RELOCATION.none) return;
      const width = type === RELOCATION.abs64 ? 8 : type === RELOCATION.abs32 ? 4 : 0;
      if (width === 0 || offset + BigInt(width) > BigInt(bytes.length)) throw new DamagedDebug();
      writeValue(view, Number(offset), width, addressOf(file, symbols[symbol]) + addend);
    });
  }
  return bytes;
}

/** Of a section that is not loaded, the start is 0: what refers to it is an offset. */
function addressOf(file: ElfFile, symbol: ElfSymbol | undefined): bigint {
  if (symbol === undefined) throw new DamagedDebug();
  if (symbol.special || symbol.section === INDEX.undefined) return symbol.value;
  const section = file.sections[symbol.section];
  return symbol.value + (section.flags & SECTION_FLAG.alloc ? section.address : 0n);
}

/** The frame of an ELF file: header, section headers, program headers. Everything is bounds checked here, once. */
import {
  ELF_HEADER_SIZE,
  FILE_TYPE,
  INDEX,
  MACHINE_NAMES,
  MACHINE_X86_64,
  PROGRAM_HEADER_SIZE,
  PROGRAM_LOAD,
  SECTION,
  SECTION_HEADER_SIZE,
} from './elf-constants.js';
import { shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import { ImageError } from './image.js';
import { StringTable, type NameBudget } from './string-table.js';

/** A section header. Sizes and offsets are exact: they were checked against the file. */
export interface ElfSection {
  index: number;
  /** Escaped. */
  name: string;
  type: number;
  /** The low 32 bits of sh_flags. */
  flags: number;
  /** In an object, where the loader put the section. */
  address: bigint;
  /** Bytes from the start of the file. */
  offset: number;
  /** Bytes in memory; also in the file unless the type is `nobits`. */
  size: number;
  link: number;
  info: number;
  align: number;
  entrySize: number;
}

export interface ElfProgram {
  index: number;
  type: number;
  flags: number;
  offset: number;
  address: bigint;
  fileSize: number;
  memorySize: number;
}

export interface ElfFile {
  /** For messages: escaped and bounded. */
  name: string;
  bytes: Uint8Array;
  view: DataView;
  type: number;
  sections: ElfSection[];
  programs: ElfProgram[];
  names: NameBudget;
  /** Symbols that may still be read, over all tables: some sixteen times what the largest kernels have. */
  symbolsLeft: number;
}

/** More section headers than any build makes, few enough to hold in memory. */
const SECTION_LIMIT = 1 << 20;

/** What the names and symbols of one file may come to. */
export function freshBudget(): Pick<ElfFile, 'names' | 'symbolsLeft'> {
  return { names: { left: 2 ** 28 }, symbolsLeft: 1 << 22 };
}

/** Throws the ImageError for this file. */
export function fail(file: { name: string }, message: string): never {
  throw new ImageError(`${file.name}: ${message}`);
}

/** "section 3 (.text)" for messages. */
export function describe(section: ElfSection): string {
  return `section ${section.index} (${shorten(section.name)})`;
}

/** A 64-bit field as a number: exact below 2^53, and larger than any file above. */
export function size64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}

function checkRange(file: ElfFile, what: string, offset: number, size: number): void {
  if (offset + size <= file.bytes.length) return;
  fail(
    file,
    `truncated: ${what} needs bytes ${hex(offset)} to ${hex(offset + size)}, the file has ${hex(file.bytes.length)}; build or copy it again`,
  );
}

/** What the file holds of a section: a view, not a copy; empty for `nobits`. */
export function contents(file: ElfFile, section: ElfSection): Uint8Array {
  return section.type === SECTION.nobits
    ? new Uint8Array(0)
    : file.bytes.subarray(section.offset, section.offset + section.size);
}

/** The string table with this section index. @throws ImageError if there is none; `user` says who wanted it */
export function stringTable(file: ElfFile, index: number, user: string): StringTable {
  const section = file.sections[index];
  if (section === undefined || section.type !== SECTION.strings)
    fail(file, `${user}: section ${index} is no string table; the file is damaged: build it again`);
  return new StringTable(file.name, contents(file, section), user, file.names);
}

function checkHeader(bytes: Uint8Array, view: DataView, name: string): void {
  const file = { name };
  if (bytes.length < 20) fail(file, 'truncated: the ELF header is cut off; build or copy it again');
  const little = bytes[5] === 1;
  const machine = view.getUint16(18, little);
  const machineName = MACHINE_NAMES[machine] ?? `machine ${machine}`;
  if (bytes[4] === 1) fail(file, `32-bit ELF for ${machineName}; give 64-bit x86-64 code (build with -m64)`);
  if (bytes[4] !== 2) fail(file, `unknown ELF class ${bytes[4]}; give a 64-bit ELF file`);
  if (bytes[5] === 2) fail(file, `big-endian ELF for ${machineName}; give x86-64 code`);
  if (bytes[5] !== 1) fail(file, `unknown ELF byte order ${bytes[5]}; give a little-endian ELF file`);
  if (machine !== MACHINE_X86_64) fail(file, `ELF for ${machineName}; give x86-64 code`);
  if (bytes.length < ELF_HEADER_SIZE) fail(file, 'truncated: the ELF header is cut off; build or copy it again');
  const type = view.getUint16(16, true);
  if (type === FILE_TYPE.core) fail(file, 'an ELF core dump; give the object or executable that was running');
  if (type !== FILE_TYPE.relocatable && type !== FILE_TYPE.executable && type !== FILE_TYPE.shared)
    fail(file, `unknown ELF file type ${type}; give an object (.o) or an executable`);
}

function readSections(file: ElfFile): void {
  const { view } = file;
  const table = size64(view, 40);
  let count = view.getUint16(60, true);
  let names = view.getUint16(62, true);
  if (table === 0) {
    if (count !== 0) fail(file, `${count} section headers at offset 0; the file is damaged: build it again`);
    return;
  }
  if (view.getUint16(58, true) !== SECTION_HEADER_SIZE)
    fail(
      file,
      `section headers of ${view.getUint16(58, true)} bytes, ${SECTION_HEADER_SIZE} expected; the file is damaged: build it again`,
    );
  checkRange(file, 'the section header table', table, SECTION_HEADER_SIZE);
  // More than 0xff00 sections: the real numbers stand in header 0.
  if (count === 0) count = size64(view, table + 32);
  if (names === INDEX.extended) names = view.getUint32(table + 40, true);
  checkRange(file, 'the section header table', table, count * SECTION_HEADER_SIZE);
  if (count > SECTION_LIMIT)
    fail(file, `${count} sections, at most ${SECTION_LIMIT} are read; link or build less into one file`);
  const nameOffsets: number[] = [];
  for (let index = 0; index < count; index++) {
    const at = table + index * SECTION_HEADER_SIZE;
    nameOffsets.push(view.getUint32(at, true));
    file.sections.push({
      index,
      name: '',
      type: view.getUint32(at + 4, true),
      flags: view.getUint32(at + 8, true),
      address: view.getBigUint64(at + 16, true),
      offset: size64(view, at + 24),
      size: size64(view, at + 32),
      link: view.getUint32(at + 40, true),
      info: view.getUint32(at + 44, true),
      align: size64(view, at + 48),
      entrySize: size64(view, at + 56),
    });
  }
  for (const section of file.sections)
    if (section.type !== SECTION.null && section.type !== SECTION.nobits)
      checkRange(file, `section ${section.index}`, section.offset, section.size);
  if (names === 0) return;
  const strings = stringTable(file, names, 'the section string table is broken');
  for (const section of file.sections) section.name = strings.at(nameOffsets[section.index]);
}

function readPrograms(file: ElfFile): void {
  const { view } = file;
  const table = size64(view, 32);
  // A count of 0xffff stands for more, which only core dumps have.
  const count = view.getUint16(56, true);
  if (count === 0) return;
  if (view.getUint16(54, true) !== PROGRAM_HEADER_SIZE)
    fail(
      file,
      `program headers of ${view.getUint16(54, true)} bytes, ${PROGRAM_HEADER_SIZE} expected; the file is damaged: build it again`,
    );
  checkRange(file, 'the program header table', table, count * PROGRAM_HEADER_SIZE);
  for (let index = 0; index < count; index++) {
    const at = table + index * PROGRAM_HEADER_SIZE;
    const program: ElfProgram = {
      index,
      type: view.getUint32(at, true),
      flags: view.getUint32(at + 4, true),
      offset: size64(view, at + 8),
      address: view.getBigUint64(at + 16, true),
      fileSize: size64(view, at + 32),
      memorySize: size64(view, at + 40),
    };
    file.programs.push(program);
  }
}

/**
 * Reads the headers of a 64-bit little-endian x86-64 ELF object or executable.
 * @param name for messages: escaped and bounded
 * @param budget what may be read of names and symbols: of an archive all members together have one
 * @throws ImageError for any other file, and for a header, table or section that reaches past the end of the file
 */
export function readElfFile(
  bytes: Uint8Array,
  name: string,
  { names, symbolsLeft }: Pick<ElfFile, 'names' | 'symbolsLeft'> = freshBudget(),
): ElfFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  checkHeader(bytes, view, name);
  const file: ElfFile = {
    name,
    bytes,
    view,
    type: view.getUint16(16, true),
    sections: [],
    programs: [],
    names,
    symbolsLeft,
  };
  readSections(file);
  readPrograms(file);
  for (const program of file.programs)
    if (program.type === PROGRAM_LOAD)
      checkRange(file, `program header ${program.index}`, program.offset, program.fileSize);
  return file;
}

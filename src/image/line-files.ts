/**
 * Names of source files in .debug_line: the tables in the header of a unit. Source: DWARF version 5, section 6.2.4 and
 * 6.2.4.1, numbers in section 7.5.6 (forms) and 7.22; versions 2 to 4: version 4, section 6.2.4.
 */
import { posix } from 'node:path';
import { escapeName } from '../text/escape.js';
import { BoundedCache } from './bounded-cache.js';
import { FORM, skipForm } from './dwarf-forms.js';
import { DamagedDebug, DwarfReader, undamaged } from './dwarf-reader.js';
import { NAME_LIMIT } from './image.js';
import type { LineUnit } from './line-program.js';

/** A section of .debug_line, and what it refers to. */
export interface LineSections {
  line: Uint8Array;
  /** .debug_line_str and .debug_str; empty where there is none. */
  lineStrings: Uint8Array;
  strings: Uint8Array;
  /** Folders in which the compiler ran, by {@link LineUnit.start}; read when they are first asked for. */
  folders: () => ReadonlyMap<number, Uint8Array>;
}

/** Names of directories or files: where they stand, so that only those that are asked for are read. */
interface NameTable {
  /** What the offset is in. */
  within: (keyof Pick<LineSections, 'line' | 'lineStrings' | 'strings'>)[];
  offsets: number[];
  /** Of a file: index of its directory. */
  directories: number[];
}

interface UnitTables {
  directories: NameTable;
  files: NameTable;
}

const CONTENT = { path: 1, directory: 2 } as const;
/** What a column of a table may be written in. */
const FORMS: ReadonlySet<number> = new Set([
  FORM.string,
  FORM.lineStrp,
  FORM.strp,
  FORM.udata,
  FORM.data1,
  FORM.data2,
  FORM.data4,
  FORM.data8,
  FORM.data16,
  FORM.block,
  FORM.block1,
  FORM.block2,
  FORM.block4,
]);

/** Entries that a table of one unit may have: a unit of the largest kernels has a thousand. */
const MOST_ENTRIES = 1 << 16;
const TABLES = new BoundedCache<LineUnit, UnitTables>(1 << 20);

/**
 * The path of a file: absolute where the image says enough, otherwise relative to a folder that is not known.
 * @param number as in the rows of the unit
 * @returns the path, escaped; undefined if there is no such file, or its path is longer than a name may be
 * @throws DamagedDebug
 */
export function sourcePath(sections: LineSections, unit: LineUnit, number: number): string | undefined {
  const tables = TABLES.get(
    unit,
    () => readTables(sections, unit),
    ({ directories, files }) => directories.offsets.length + files.offsets.length + 1,
  );
  const parts = unit.version >= 5 ? partsOf5(sections, tables, number) : partsBefore5(sections, tables, number);
  if (parts === undefined || parts.some(({ length }) => length > NAME_LIMIT)) return undefined;
  const texts = parts.map((bytes) => Buffer.from(bytes).toString('utf8')).filter((text) => text !== '');
  if (texts.length === 0) return undefined;
  // From version 5 on directory 0 is the folder, as it stands in .debug_info.
  if (!texts.some((text) => ABSOLUTE_PATH.test(text)) && (unit.version < 5 || parts[0].length === 0)) {
    const folder = sections.folders().get(unit.start);
    if (folder !== undefined && folder.length <= NAME_LIMIT) texts.unshift(Buffer.from(folder).toString('utf8'));
  }
  const from = texts.findLastIndex((text) => ABSOLUTE_PATH.test(text));
  const path = escapeName(posix.normalize(texts.slice(Math.max(0, from)).join('/')));
  return path.length > NAME_LIMIT ? undefined : path;
}

/** From the root, or from a drive: compilers that run on Windows make ELF too. */
const ABSOLUTE_PATH = /^(?:\/|[A-Za-z]:[\\/])/;

/** Directories and the name, outermost first. */
type Parts = Uint8Array[] | undefined;

/** Files and directories count from 1; directory 0 is that of the compilation. */
function partsBefore5(sections: LineSections, { directories, files }: UnitTables, number: number): Parts {
  const directory = files.directories[number - 1];
  if (directory === undefined) return undefined;
  const name = nameAt(sections, files, number - 1);
  if (directory === 0) return [name];
  return directory > directories.offsets.length ? undefined : [nameAt(sections, directories, directory - 1), name];
}

/** Here directory 0 is the one in which the compiler ran, and the others are relative to it. */
function partsOf5(sections: LineSections, { directories, files }: UnitTables, number: number): Parts {
  const directory = files.directories[number];
  if (directory === undefined || directory >= directories.offsets.length) return undefined;
  const inside = directory === 0 ? [] : [nameAt(sections, directories, directory)];
  return [nameAt(sections, directories, 0), ...inside, nameAt(sections, files, number)];
}

function nameAt(sections: LineSections, { within, offsets }: NameTable, index: number): Uint8Array {
  const bytes = sections[within[index]];
  return new DwarfReader(bytes, offsets[index], bytes.length).boundedString();
}

function newTable(): NameTable {
  return { within: [], offsets: [], directories: [] };
}

function add(table: NameTable, within: NameTable['within'][number], offset: number, directory = 0): void {
  if (table.offsets.length >= MOST_ENTRIES) throw new DamagedDebug();
  table.within.push(within);
  table.offsets.push(offset);
  table.directories.push(directory);
}

/** A table that is damaged has no names, and is not read again. */
function readTables(sections: LineSections, unit: LineUnit): UnitTables {
  const reader = new DwarfReader(sections.line, unit.tables, unit.program);
  const read = undamaged(() => (unit.version >= 5 ? readTables5(unit, reader) : readTablesBefore5(reader)));
  return read ?? { directories: newTable(), files: newTable() };
}

function readTablesBefore5(reader: DwarfReader): UnitTables {
  const directories = newTable();
  const files = newTable();
  for (let at = reader.at; reader.string().length > 0; at = reader.at) add(directories, 'line', at);
  for (let at = reader.at; reader.string().length > 0; at = reader.at) {
    add(files, 'line', at, reader.uleb());
    // Time of modification, and length.
    reader.uleb();
    reader.uleb();
  }
  return { directories, files };
}

function readTables5(unit: LineUnit, reader: DwarfReader): UnitTables {
  return { directories: readEntries(unit, reader), files: readEntries(unit, reader) };
}

function readEntries(unit: LineUnit, reader: DwarfReader): NameTable {
  const format = Array.from({ length: reader.u8() }, () => ({ content: reader.uleb(), form: reader.uleb() }));
  const count = reader.uleb();
  // No column is an address.
  const unitForm = { version: unit.version, is64: unit.is64, addressSize: 0 };
  const table = newTable();
  for (let index = 0; index < count; index++) {
    const name: { within: NameTable['within'][number]; offset: number } = { within: 'line', offset: reader.at };
    let directory = 0;
    // An empty format has entries of no bytes, of which there are no more than of others.
    for (const { content, form } of format) {
      if (content === CONTENT.path) {
        name.within = form === FORM.string ? 'line' : form === FORM.lineStrp ? 'lineStrings' : 'strings';
        name.offset = stringOffset(unit, reader, form);
      } else if (content === CONTENT.directory) directory = readNumber(reader, form);
      else if (FORMS.has(form)) skipForm(unitForm, reader, form);
      else throw new DamagedDebug();
    }
    add(table, name.within, name.offset, directory);
  }
  return table;
}

/** Moves over a string or a reference to one. @returns where it stands in its section */
function stringOffset({ is64 }: LineUnit, reader: DwarfReader, form: number): number {
  if (form === FORM.string) {
    const { at } = reader;
    reader.string();
    return at;
  }
  if (form !== FORM.lineStrp && form !== FORM.strp) throw new DamagedDebug();
  return reader.offset(is64);
}

function readNumber(reader: DwarfReader, form: number): number {
  switch (form) {
    case FORM.data1:
      return reader.u8();
    case FORM.data2:
      return reader.u16();
    case FORM.udata:
      return reader.uleb();
    default:
      throw new DamagedDebug();
  }
}

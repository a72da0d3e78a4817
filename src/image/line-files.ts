/**
 * Names of source files in .debug_line: the tables in the header of a unit. Source: DWARF version 5, section 6.2.4 and
 * 6.2.4.1, numbers in section 7.5.6 (forms) and 7.22; versions 2 to 4: version 4, section 6.2.4.
 */
import { posix } from 'node:path';
import { escapeName } from '../text/escape.js';
import { DamagedDebug, DwarfReader } from './dwarf-reader.js';
import { NAME_LIMIT } from './image.js';
import type { LineUnit } from './line-program.js';

/** A section of .debug_line, and the string tables that it refers to. */
export interface LineSections {
  line: Uint8Array;
  /** .debug_line_str and .debug_str; empty where there is none. */
  lineStrings: Uint8Array;
  strings: Uint8Array;
}

interface FileEntry {
  name: Uint8Array;
  directory: number;
}

const CONTENT = { path: 1, directory: 2 } as const;
const FORM = {
  block2: 0x03,
  block4: 0x04,
  data2: 0x05,
  data4: 0x06,
  data8: 0x07,
  string: 0x08,
  block: 0x09,
  block1: 0x0a,
  data1: 0x0b,
  strp: 0x0e,
  udata: 0x0f,
  data16: 0x1e,
  lineStrp: 0x1f,
} as const;

/**
 * The path of a file: absolute where the table says so, otherwise relative to the folder in which the compiler ran, which
 * versions below 5 do not keep here.
 * @param number as in the rows of the unit
 * @returns the path, escaped; undefined if there is no such file, or its path is longer than a name may be
 * @throws DamagedDebug
 */
export function sourcePath(sections: LineSections, unit: LineUnit, number: number): string | undefined {
  const reader = new DwarfReader(sections.line, unit.tables, unit.program);
  const parts = unit.version >= 5 ? partsOf5(sections, unit, reader, number) : partsBefore5(reader, number);
  if (parts === undefined || parts.some(({ length }) => length > NAME_LIMIT)) return undefined;
  const texts = parts.map((bytes) => Buffer.from(bytes).toString('utf8')).filter((text) => text !== '');
  if (texts.length === 0) return undefined;
  const from = texts.findLastIndex((text) => text.startsWith('/'));
  const path = escapeName(posix.normalize(texts.slice(Math.max(0, from)).join('/')));
  return path.length > NAME_LIMIT ? undefined : path;
}

/** Directories and the name, outermost first. */
type Parts = Uint8Array[] | undefined;

function partsBefore5(reader: DwarfReader, number: number): Parts {
  const directories: Uint8Array[] = [];
  for (let name = reader.string(); name.length > 0; name = reader.string()) directories.push(name);
  // Files count from 1; directory 0 is that of the compilation.
  let count = 0;
  for (let name = reader.string(); name.length > 0; name = reader.string()) {
    const directory = reader.uleb();
    // Time of modification, and length.
    reader.uleb();
    reader.uleb();
    if (++count !== number) continue;
    if (directory === 0) return [name];
    const found = directories[directory - 1];
    return found === undefined ? undefined : [found, name];
  }
  return undefined;
}

/** Here directory 0 is the one in which the compiler ran, and the others are relative to it. */
function partsOf5(sections: LineSections, unit: LineUnit, reader: DwarfReader, number: number): Parts {
  const directories = readEntries(sections, unit, reader);
  const file = readEntries(sections, unit, reader)[number];
  if (file === undefined) return undefined;
  const directory = directories[file.directory];
  if (directory === undefined) return undefined;
  return [directories[0].name, ...(file.directory === 0 ? [] : [directory.name]), file.name];
}

function readEntries(sections: LineSections, unit: LineUnit, reader: DwarfReader): FileEntry[] {
  const format = Array.from({ length: reader.u8() }, () => ({ content: reader.uleb(), form: reader.uleb() }));
  const count = reader.uleb();
  // Every form takes at least a byte, so that a count without an end meets the end of the table.
  if (format.length === 0 && count > 0) throw new DamagedDebug();
  const entries: FileEntry[] = [];
  for (let index = 0; index < count; index++) {
    const entry: FileEntry = { name: new Uint8Array(0), directory: 0 };
    for (const { content, form } of format) {
      if (content === CONTENT.path) entry.name = readString(sections, unit, reader, form);
      else if (content === CONTENT.directory) entry.directory = readNumber(reader, form);
      else skipForm(unit, reader, form);
    }
    entries.push(entry);
  }
  return entries;
}

function readString(sections: LineSections, { is64 }: LineUnit, reader: DwarfReader, form: number): Uint8Array {
  if (form === FORM.string) return reader.string();
  const from = form === FORM.lineStrp ? sections.lineStrings : form === FORM.strp ? sections.strings : undefined;
  if (from === undefined) throw new DamagedDebug();
  return new DwarfReader(from, reader.offset(is64), from.length).string();
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

function skipForm({ is64 }: LineUnit, reader: DwarfReader, form: number): void {
  switch (form) {
    case FORM.string:
      reader.string();
      break;
    case FORM.lineStrp:
    case FORM.strp:
      reader.offset(is64);
      break;
    case FORM.udata:
      reader.uleb();
      break;
    case FORM.data1:
      reader.skip(1);
      break;
    case FORM.data2:
      reader.skip(2);
      break;
    case FORM.data4:
      reader.skip(4);
      break;
    case FORM.data8:
      reader.skip(8);
      break;
    case FORM.data16:
      reader.skip(16);
      break;
    case FORM.block1:
      reader.skip(reader.u8());
      break;
    case FORM.block2:
      reader.skip(reader.u16());
      break;
    case FORM.block4:
      reader.skip(reader.u32());
      break;
    case FORM.block:
      reader.skip(reader.uleb());
      break;
    default:
      throw new DamagedDebug();
  }
}

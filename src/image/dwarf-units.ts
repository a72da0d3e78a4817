/**
 * Units of .debug_info and .debug_line, and the attributes in tables of abbreviations. Source: DWARF version 5, sections 7.4
 * (lengths), 7.5.1 (unit headers), 7.5.3 (abbreviations); version 4, 7.5.1.1.
 */
import { FORM, type UnitForm } from './dwarf-forms.js';
import { DwarfReader, undamaged } from './dwarf-reader.js';

const ESCAPE_64 = 0xffffffff;
export const UNIT_TYPE = { compile: 1, type: 2, partial: 3, skeleton: 4, splitCompile: 5, splitType: 6 } as const;

/** Where a unit begins, what is in it, and where it ends. */
export interface UnitPlace {
  start: number;
  contents: number;
  end: number;
  is64: boolean;
}

/** Moves over a unit. @returns undefined behind the last one whose length can be */
export function nextUnit(reader: DwarfReader): UnitPlace | undefined {
  if (reader.done) return undefined;
  const start = reader.at;
  return undamaged(() => {
    const first = reader.u32();
    const is64 = first === ESCAPE_64;
    const length = is64 ? reader.offset(true) : first;
    const contents = reader.skip(length);
    return { start, contents, end: contents + length, is64 };
  });
}

export interface InfoUnit extends UnitForm {
  /** One of UNIT_TYPE, or what no version knows. */
  type: number;
  /** Where its table of abbreviations begins. */
  abbreviations: number;
}

/** The header of a unit of .debug_info, behind its length: the reader then stands at its first entry. @returns undefined for a version that is not known */
export function readInfoUnit(reader: DwarfReader, is64: boolean): InfoUnit | undefined {
  const version = reader.u16();
  if (version < 2 || version > 5) return undefined;
  if (version < 5) {
    const abbreviations = reader.offset(is64);
    return { version, is64, type: UNIT_TYPE.compile, abbreviations, addressSize: reader.u8() };
  }
  const type = reader.u8();
  const addressSize = reader.u8();
  const abbreviations = reader.offset(is64);
  // The number that a skeleton shares with the file that holds the rest.
  if (type === UNIT_TYPE.skeleton || type === UNIT_TYPE.splitCompile) reader.skip(8);
  return { version, is64, type, abbreviations, addressSize };
}

export interface Attribute {
  readonly name: number;
  readonly form: number;
  /** The value that stands in the table, where the form is {@link FORM.implicit}; 0 for one of more than 48 bits. */
  readonly implicit: number;
}

/** @returns undefined for the pair of zeros that ends a list */
export function readAttribute(reader: DwarfReader): Attribute | undefined {
  const name = reader.uleb();
  const form = reader.uleb();
  const implicit = form === FORM.implicit ? shortNumber(reader) : 0;
  return name === 0 && form === 0 ? undefined : { name, form, implicit };
}

/** Bytes of a LEB128 number below 2^48: no offset or size is larger. */
const SHORT = 7;

/** A signed number, or 0 for one that is no offset and no size. */
function shortNumber(reader: DwarfReader): number {
  const { at } = reader;
  reader.skipLeb();
  return reader.at - at > SHORT ? 0 : new DwarfReader(reader.bytes, at, reader.at).sleb();
}

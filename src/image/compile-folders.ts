/**
 * In which folder the compiler ran, by unit of .debug_line: before version 5 the tables of lines do not say so, and the names
 * in them are relative to it. It stands in .debug_info, in the first entry of a unit. Source: DWARF version 5, section 3.1.1
 * (DW_AT_stmt_list, DW_AT_comp_dir), 7.5.4 to 7.5.6 (numbers).
 */
import { FORM, skipForm } from './dwarf-forms.js';
import { DamagedDebug, DwarfReader, undamaged } from './dwarf-reader.js';
import { type Attribute, type InfoUnit, nextUnit, readAttribute, readInfoUnit, UNIT_TYPE } from './dwarf-units.js';

/** The sections that it stands in; empty where there is none. */
export interface InfoSections {
  info: Uint8Array;
  abbreviations: Uint8Array;
  lineStrings: Uint8Array;
  strings: Uint8Array;
}

const ATTRIBUTE = { lines: 0x10, folder: 0x1b } as const;
/** Units that are looked at, and attributes in tables of abbreviations: some ten times what the largest kernels have. */
const MOST_UNITS = 1 << 16;
const MOST_STEPS = 1 << 22;

/** Bytes of a folder's name by where its unit begins in .debug_line. What is damaged, or past a limit, is not there. */
export function compileFolders(sections: InfoSections): ReadonlyMap<number, Uint8Array> {
  const reader = new FolderReader(sections);
  undamaged(() => reader.units());
  return reader.found;
}

class FolderReader {
  readonly found = new Map<number, Uint8Array>();
  private stepsLeft = MOST_STEPS;
  /** Where the attributes of an abbreviation stand, by table and code. */
  private readonly places = new Map<string, number | undefined>();

  constructor(private readonly sections: InfoSections) {}

  units(): void {
    const { info } = this.sections;
    const reader = new DwarfReader(info, 0, info.length);
    for (let count = 0; count < MOST_UNITS; count++) {
      const place = nextUnit(reader);
      if (place === undefined) return;
      const { contents, end, is64 } = place;
      if (contents < end) undamaged(() => this.unit(new DwarfReader(info, contents, end), is64));
    }
  }

  private unit(reader: DwarfReader, is64: boolean): void {
    const unit = readInfoUnit(reader, is64);
    // Units of types have no lines of their own.
    if (unit === undefined || unit.type === UNIT_TYPE.type || unit.type === UNIT_TYPE.splitType) return;
    const code = reader.uleb();
    if (code === 0) return;
    const place = this.place(unit.abbreviations, code);
    if (place !== undefined) this.firstEntry(unit, reader, place);
  }

  /** The attributes of a code; the tables of hostile units would be read again and again. */
  private place(table: number, code: number): number | undefined {
    const key = `${table} ${code}`;
    if (!this.places.has(key)) this.places.set(key, this.findPlace(table, code));
    return this.places.get(key);
  }

  private findPlace(table: number, wanted: number): number | undefined {
    const { abbreviations } = this.sections;
    const reader = new DwarfReader(abbreviations, table, abbreviations.length);
    for (let code = reader.uleb(); code !== 0; code = reader.uleb()) {
      // Tag, and whether it has children.
      reader.uleb();
      reader.u8();
      if (code === wanted) return reader.at;
      while (this.attribute(reader) !== undefined);
    }
    return undefined;
  }

  private attribute(reader: DwarfReader): Attribute | undefined {
    if (--this.stepsLeft < 0) throw new DamagedDebug();
    return readAttribute(reader);
  }

  private firstEntry(unit: InfoUnit, reader: DwarfReader, place: number): void {
    const { abbreviations } = this.sections;
    const list = new DwarfReader(abbreviations, place, abbreviations.length);
    let lines: number | undefined;
    let folder: Uint8Array | undefined;
    for (let next = this.attribute(list); next !== undefined; next = this.attribute(list)) {
      const { name, form } = next;
      if (name === ATTRIBUTE.lines && isOffset(form)) lines = reader.offset(isWide(form, unit));
      else if (name === ATTRIBUTE.folder) folder = this.text(unit, reader, form);
      else if (form !== FORM.implicit) skipForm(unit, reader, form);
      if (lines !== undefined && folder !== undefined) break;
    }
    if (lines !== undefined && folder !== undefined && folder.length > 0) this.found.set(lines, folder);
  }

  /** @returns undefined for a form that needs another section, or another file */
  private text({ is64, ...unit }: InfoUnit, reader: DwarfReader, form: number): Uint8Array | undefined {
    const { lineStrings, strings } = this.sections;
    if (form === FORM.string) return reader.string();
    const from = form === FORM.strp ? strings : form === FORM.lineStrp ? lineStrings : undefined;
    if (from === undefined) {
      skipForm({ is64, ...unit }, reader, form);
      return undefined;
    }
    return new DwarfReader(from, reader.offset(is64), from.length).boundedString();
  }
}

function isOffset(form: number): boolean {
  return form === FORM.sectionOffset || form === FORM.data4 || form === FORM.data8;
}

function isWide(form: number, { is64 }: InfoUnit): boolean {
  return form === FORM.data8 || (form === FORM.sectionOffset && is64);
}

/**
 * Layouts of structures from DWARF's .debug_info. Only what is asked for by name is read; bytes that say something impossible
 * count as absent. Source: DWARF version 5, sections 5.7 (structures and members), 5.3 (modifiers, typedefs), 7.5.1 to 7.5.6.
 */
import type { TypeSections } from './debug-sections.js';
import { FORM, skipForm, type UnitForm } from './dwarf-forms.js';
import { DamagedDebug, DwarfReader, TooMuchDebug, undamaged } from './dwarf-reader.js';
import { type Attribute, nextUnit, readAttribute, readInfoUnit, UNIT_TYPE, type UnitPlace } from './dwarf-units.js';
import type { FoundMember, TypeSource } from './structure-layouts.js';

const TAG = {
  array: 0x01,
  enumeration: 0x04,
  member: 0x0d,
  pointer: 0x0f,
  structure: 0x13,
  typedef: 0x16,
  union: 0x17,
  base: 0x24,
  const: 0x26,
  volatile: 0x35,
  restrict: 0x37,
  atomic: 0x47,
} as const;
const ATTRIBUTE = {
  name: 0x03,
  byteSize: 0x0b,
  location: 0x38,
  declaration: 0x3c,
  type: 0x49,
  bitSize: 0x0d,
  stringOffsets: 0x72,
} as const;
const REFERENCE = { one: 0x11, two: 0x12, four: 0x13, eight: 0x14, number: 0x15 } as const;
const INDEX = { number: 0x1a, one: 0x25, two: 0x26, three: 0x27, four: 0x28 } as const;
const FLAG = { byte: 0x0c, present: 0x19 } as const;
const OPERATION_PLUS = 0x23;
/** Entries that are looked at: some eight times what one object of a kernel has. */
const MOST_ENTRIES = 1 << 22;
/** Names behind names, and structures without names in others: no compiler nests as deep. */
const DEEPEST = 32;

interface Abbreviation {
  readonly tag: number;
  readonly children: boolean;
  readonly attributes: readonly Attribute[];
}

interface Unit extends UnitForm {
  readonly info: Uint8Array;
  /** Where its header begins: references count from there. */
  readonly start: number;
  readonly end: number;
  readonly first: number;
  readonly abbreviations: ReadonlyMap<number, Abbreviation>;
  stringOffsets: number;
}

/** An entry: which unit, and where in it. */
interface DwarfType {
  readonly unit: Unit;
  readonly at: number;
}

interface Entry {
  readonly tag: number;
  readonly children: boolean;
  readonly end: number;
  readonly name: string | undefined;
  readonly size: number | undefined;
  readonly offset: number | undefined;
  readonly type: number | undefined;
  readonly isDeclaration: boolean;
  readonly isBits: boolean;
}

export class DwarfTypes implements TypeSource<DwarfType> {
  private readonly tables = new Map<number, ReadonlyMap<number, Abbreviation>>();
  private readonly structures = new Map<string, DwarfType>();
  private left = MOST_ENTRIES;

  /**
   * @param wanted names of the structures that will be asked for
   * @throws TooMuchDebug past the limit
   */
  constructor(
    private readonly sections: TypeSections,
    wanted: ReadonlySet<string>,
  ) {
    for (const info of sections.infos) undamaged(() => this.readInfo(info, wanted));
  }

  structure(name: string): DwarfType | undefined {
    return this.structures.get(name);
  }

  size({ unit, at }: DwarfType): number {
    return this.entry(unit, at)?.size ?? 0;
  }

  member(type: DwarfType, name: string): FoundMember<DwarfType> | undefined {
    return undamaged(() => this.memberIn(type, name, 0));
  }

  private memberIn(given: DwarfType, name: string, depth: number): FoundMember<DwarfType> | undefined {
    const { unit, at } = this.withoutNames(given);
    const entry = depth > DEEPEST ? undefined : this.entry(unit, at);
    if (entry === undefined || !entry.children || (entry.tag !== TAG.structure && entry.tag !== TAG.union)) return;
    for (const child of this.children(unit, entry.end)) {
      if (child.tag !== TAG.member || child.type === undefined) continue;
      const type = { unit, at: child.type };
      const offset = child.offset ?? 0;
      if (child.name === name) return child.isBits ? undefined : { offset, bytes: this.bytesOf(type), type };
      if (child.name !== undefined) continue;
      const inside = this.memberIn(type, name, depth + 1);
      if (inside !== undefined) return { ...inside, offset: offset + inside.offset };
    }
    return undefined;
  }

  /** Bytes of a value of this type; 0 where that needs more than its own size, as of an array. */
  private bytesOf(given: DwarfType): number {
    const type = this.withoutNames(given);
    const entry = this.entry(type.unit, type.at);
    if (entry?.tag === TAG.pointer) return entry.size ?? type.unit.addressSize;
    return entry?.size ?? 0;
  }

  /** Behind typedefs and qualifiers. */
  private withoutNames(type: DwarfType): DwarfType {
    let { at } = type;
    for (let depth = 0; depth < DEEPEST; depth++) {
      const entry = this.entry(type.unit, at);
      const isName =
        entry !== undefined &&
        ([TAG.typedef, TAG.const, TAG.volatile, TAG.restrict, TAG.atomic] as number[]).includes(entry.tag);
      if (!isName || entry.type === undefined) return { unit: type.unit, at };
      at = entry.type;
    }
    throw new DamagedDebug();
  }

  private *children(unit: Unit, from: number): Generator<Entry> {
    let at = from;
    for (let depth = 1; depth > 0;) {
      const entry = this.entry(unit, at);
      if (entry === undefined) {
        at = new DwarfReader(unit.info, at, unit.end).skip(1) + 1;
        depth--;
        continue;
      }
      if (depth === 1) yield entry;
      at = entry.end;
      if (entry.children) depth++;
    }
  }

  private readInfo(info: Uint8Array, wanted: ReadonlySet<string>): void {
    const reader = new DwarfReader(info, 0, info.length);
    for (let place = nextUnit(reader); place !== undefined; place = nextUnit(reader)) {
      const { contents, end } = place;
      if (contents < end) undamaged(() => this.readUnit(info, place, wanted));
    }
  }

  private readUnit(info: Uint8Array, place: UnitPlace, wanted: ReadonlySet<string>): void {
    const unit = this.header(info, place);
    if (unit === undefined) return;
    let at = unit.first;
    for (let depth = 0; at < unit.end;) {
      const entry = this.entry(unit, at);
      if (entry === undefined) {
        at++;
        if (--depth <= 0) return;
        continue;
      }
      const { tag, name, isDeclaration } = entry;
      if (name !== undefined && !isDeclaration && (tag === TAG.structure || tag === TAG.union) && wanted.has(name))
        if (!this.structures.has(name)) this.structures.set(name, { unit, at });
      if (this.structures.size === wanted.size) return;
      at = entry.end;
      if (entry.children) depth++;
    }
  }

  private header(info: Uint8Array, { start, contents, end, is64 }: UnitPlace): Unit | undefined {
    const reader = new DwarfReader(info, contents, end);
    const header = readInfoUnit(reader, is64);
    if (header === undefined || (header.type !== UNIT_TYPE.compile && header.type !== UNIT_TYPE.partial))
      return undefined;
    const { version, addressSize } = header;
    const unit: Unit = {
      version,
      is64,
      addressSize,
      info,
      start,
      end,
      first: reader.at,
      abbreviations: this.table(header.abbreviations),
      // Behind the header of the only table: where it lies if the unit does not say so.
      stringOffsets: is64 ? 16 : 8,
    };
    this.readBase(unit);
    return unit;
  }

  /** The first entry says where the unit's string offsets are, before it is known what its name is. */
  private readBase(unit: Unit): void {
    const reader = new DwarfReader(unit.info, unit.first, unit.end);
    const abbreviation = unit.abbreviations.get(reader.uleb());
    for (const { name, form } of abbreviation?.attributes ?? []) {
      if (name === ATTRIBUTE.stringOffsets && form === FORM.sectionOffset)
        unit.stringOffsets = reader.offset(unit.is64);
      else if (form !== FORM.implicit) skipForm(unit, reader, form);
    }
  }

  private table(at: number): ReadonlyMap<number, Abbreviation> {
    let table = this.tables.get(at);
    if (table === undefined) this.tables.set(at, (table = this.readTable(at)));
    return table;
  }

  private readTable(at: number): ReadonlyMap<number, Abbreviation> {
    const { abbreviations } = this.sections;
    const reader = new DwarfReader(abbreviations, at, abbreviations.length);
    const table = new Map<number, Abbreviation>();
    for (let code = reader.uleb(); code !== 0; code = reader.uleb()) {
      const tag = reader.uleb();
      const children = reader.u8() !== 0;
      const attributes: Attribute[] = [];
      for (;;) {
        this.spend();
        const attribute = readAttribute(reader);
        if (attribute === undefined) break;
        attributes.push(attribute);
      }
      table.set(code, { tag, children, attributes });
    }
    return table;
  }

  private spend(): void {
    if (--this.left < 0) throw new TooMuchDebug();
  }

  /** @returns undefined for the entry that ends a list */
  private entry(unit: Unit, at: number): Entry | undefined {
    this.spend();
    const reader = new DwarfReader(unit.info, at, unit.end);
    const code = reader.uleb();
    if (code === 0) return undefined;
    const abbreviation = unit.abbreviations.get(code);
    if (abbreviation === undefined) throw new DamagedDebug();
    const { tag, children } = abbreviation;
    // Of what is no type nothing is read but how long it is.
    const isType = TYPES.has(tag);
    const found: { -readonly [Name in keyof Entry]: Entry[Name] } = {
      tag,
      children,
      end: 0,
      name: undefined,
      size: undefined,
      offset: undefined,
      type: undefined,
      isDeclaration: false,
      isBits: false,
    };
    for (const { name, form, implicit } of abbreviation.attributes) {
      if (!isType) {
        if (form !== FORM.implicit) skipForm(unit, reader, form);
      } else if (name === ATTRIBUTE.name) found.name = this.text(unit, reader, form);
      else if (name === ATTRIBUTE.byteSize) found.size = this.number(unit, reader, form, implicit);
      else if (name === ATTRIBUTE.location) found.offset = this.number(unit, reader, form, implicit);
      else if (name === ATTRIBUTE.type) found.type = this.reference(unit, reader, form);
      else if (name === ATTRIBUTE.declaration) found.isDeclaration = this.flag(unit, reader, form);
      else {
        if (name === ATTRIBUTE.bitSize) found.isBits = true;
        if (form !== FORM.implicit) skipForm(unit, reader, form);
      }
    }
    found.end = reader.at;
    return found;
  }

  private flag(unit: Unit, reader: DwarfReader, form: number): boolean {
    if (form === FLAG.present) return true;
    if (form === FLAG.byte) return reader.u8() !== 0;
    skipForm(unit, reader, form);
    return false;
  }

  /** A constant, or the one expression that old compilers write for an offset. */
  private number(unit: Unit, reader: DwarfReader, form: number, implicit: number): number | undefined {
    switch (form) {
      case FORM.implicit:
        return implicit;
      case FORM.data1:
        return reader.u8();
      case FORM.data2:
        return reader.u16();
      case FORM.data4:
        return reader.u32();
      case FORM.data8:
        return Number(BigInt.asUintN(53, reader.u64()));
      case FORM.udata:
        return reader.uleb();
      case SDATA:
        return reader.sleb();
      case FORM.block1:
      case FORM.block:
      case FORM.expression: {
        const length = form === FORM.block1 ? reader.u8() : reader.uleb();
        const from = reader.skip(length);
        const inside = new DwarfReader(unit.info, from, from + length);
        return length > 1 && inside.u8() === OPERATION_PLUS ? inside.uleb() : undefined;
      }
      default:
        skipForm(unit, reader, form);
        return undefined;
    }
  }

  /** @returns undefined for a type that stands elsewhere than in the same unit */
  private reference(unit: Unit, reader: DwarfReader, form: number): number | undefined {
    let distance: number;
    if (form === REFERENCE.one) distance = reader.u8();
    else if (form === REFERENCE.two) distance = reader.u16();
    else if (form === REFERENCE.four) distance = reader.u32();
    else if (form === REFERENCE.eight) distance = Number(BigInt.asUintN(53, reader.u64()));
    else if (form === REFERENCE.number) distance = reader.uleb();
    else if (form === FORM.refAddress && unit.version > 2) distance = reader.offset(unit.is64) - unit.start;
    else {
      skipForm(unit, reader, form);
      return undefined;
    }
    const at = unit.start + distance;
    return at >= unit.first && at < unit.end ? at : undefined;
  }

  private text(unit: Unit, reader: DwarfReader, form: number): string | undefined {
    const { strings, lineStrings, stringOffsets } = this.sections;
    if (form === FORM.string) return latin(reader.string());
    if (form === FORM.strp) return textAt(strings, reader.offset(unit.is64));
    if (form === FORM.lineStrp) return textAt(lineStrings, reader.offset(unit.is64));
    const index = this.index(reader, form);
    if (index === undefined) {
      skipForm(unit, reader, form);
      return undefined;
    }
    const at = unit.stringOffsets + index * (unit.is64 ? 8 : 4);
    return textAt(strings, new DwarfReader(stringOffsets, at, stringOffsets.length).offset(unit.is64));
  }

  private index(reader: DwarfReader, form: number): number | undefined {
    switch (form) {
      case INDEX.number:
        return reader.uleb();
      case INDEX.one:
        return reader.u8();
      case INDEX.two:
        return reader.u16();
      case INDEX.three:
        return reader.u8() + 256 * reader.u16();
      case INDEX.four:
        return reader.u32();
      default:
        return undefined;
    }
  }
}

const SDATA = 0x0d;
const TYPES: ReadonlySet<number> = new Set(Object.values(TAG));

function textAt(strings: Uint8Array, at: number): string {
  return latin(new DwarfReader(strings, at, strings.length).boundedString());
}

function latin(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

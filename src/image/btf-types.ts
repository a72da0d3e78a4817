/**
 * Layouts of structures from the section .BTF of a kernel. A module's own BTF continues that of its kernel and says nothing
 * without it. Source: Linux Documentation/bpf/btf.rst (read at 7.3.4), sections 2 and 4.
 */
import { DamagedDebug, DwarfReader } from './dwarf-reader.js';
import { contents, type ElfFile } from './elf-file.js';
import type { FoundMember, TypeSource } from './structure-layouts.js';

const SECTION_NAME = '.BTF';
const MAGIC = 0xeb9f;
const KIND = {
  int: 1,
  pointer: 2,
  array: 3,
  structure: 4,
  union: 5,
  enumeration: 6,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  prototype: 13,
  variable: 14,
  dataSection: 15,
  float: 16,
  declarationTag: 17,
  typeTag: 18,
  enumeration64: 19,
} as const;
const LAST_KIND = KIND.enumeration64;
/** Bytes behind the twelve that every type has: always, and for each of its `vlen` entries. */
const EXTRA: Readonly<Record<number, readonly [number, number]>> = {
  [KIND.int]: [4, 0],
  [KIND.array]: [12, 0],
  [KIND.structure]: [0, 12],
  [KIND.union]: [0, 12],
  [KIND.enumeration]: [0, 8],
  [KIND.prototype]: [0, 8],
  [KIND.variable]: [4, 0],
  [KIND.dataSection]: [0, 12],
  [KIND.declarationTag]: [4, 0],
  [KIND.enumeration64]: [0, 12],
};
const NAMES: readonly number[] = [KIND.typedef, KIND.volatile, KIND.const, KIND.restrict, KIND.typeTag];
const SIZED: readonly number[] = [
  KIND.int,
  KIND.structure,
  KIND.union,
  KIND.enumeration,
  KIND.float,
  KIND.enumeration64,
];
/** Some eight times what the largest kernels have. */
const MOST_TYPES = 1 << 20;
const DEEPEST = 32;
const POINTER_BYTES = 8;

/** The bytes of BTF that stands for itself; undefined where there is none. */
export function btfOf(file: ElfFile): Uint8Array | undefined {
  const section = file.sections.find(({ name }) => name === SECTION_NAME);
  return section && contents(file, section);
}

/** A type by its number. */
export class BtfTypes implements TypeSource<number> {
  /** Where each type stands, by number; number 0 is void. */
  private readonly places: number[] = [0];
  private readonly strings: Uint8Array;
  private readonly view: DataView;
  private readonly named = new Map<string, number>();

  /** @throws DamagedDebug for bytes that are no whole BTF */
  constructor(bytes: Uint8Array) {
    const header = new DwarfReader(bytes, 0, bytes.length);
    if (header.u16() !== MAGIC) throw new DamagedDebug();
    header.skip(2);
    const start = header.u32();
    const [types, typeBytes, strings, stringBytes] = [header.u32(), header.u32(), header.u32(), header.u32()];
    const from = new DwarfReader(bytes, start + strings, bytes.length).skip(stringBytes);
    this.strings = bytes.subarray(from, from + stringBytes);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // The strings of a module's go on where its kernel's end.
    if (this.strings.length === 0 || this.strings[0] !== 0) throw new DamagedDebug();
    const at = new DwarfReader(bytes, start + types, bytes.length).skip(typeBytes);
    this.readTypes(new DwarfReader(bytes, at, at + typeBytes));
  }

  private readTypes(reader: DwarfReader): void {
    while (!reader.done) {
      if (this.places.length > MOST_TYPES) throw new DamagedDebug();
      const at = reader.at;
      const name = reader.u32();
      const info = reader.u32();
      reader.skip(4);
      const kind = (info >>> 24) & 0x1f;
      if (kind === 0 || kind > LAST_KIND) throw new DamagedDebug();
      const [always, each] = EXTRA[kind] ?? [0, 0];
      reader.skip(always + each * (info & 0xffff));
      if ((kind === KIND.structure || kind === KIND.union) && name !== 0) {
        const text = this.text(name);
        if (!this.named.has(text)) this.named.set(text, this.places.length);
      }
      this.places.push(at);
    }
  }

  structure(name: string): number | undefined {
    return this.named.get(name);
  }

  size(type: number): number {
    return this.sizeOrType(type);
  }

  member(type: number, name: string): FoundMember<number> | undefined {
    return this.memberIn(type, name, 0);
  }

  private memberIn(given: number, name: string, depth: number): FoundMember<number> | undefined {
    const type = this.withoutNames(given);
    const { kind, count, flag } = this.info(type);
    if (depth > DEEPEST || (kind !== KIND.structure && kind !== KIND.union)) return undefined;
    for (let index = 0; index < count; index++) {
      const at = this.places[type] + 12 + 12 * index;
      const [nameAt, memberType, packed] = [0, 4, 8].map((field) => this.view.getUint32(at + field, true));
      const bits = flag ? packed & 0xffffff : packed;
      if (nameAt === 0) {
        const inside = this.memberIn(memberType, name, depth + 1);
        if (inside !== undefined) return { ...inside, offset: bits / 8 + inside.offset };
      } else if (this.text(nameAt) === name) {
        const isBits = (flag && packed >>> 24 !== 0) || bits % 8 !== 0;
        return isBits ? undefined : { offset: bits / 8, bytes: this.bytesOf(memberType), type: memberType };
      }
    }
    return undefined;
  }

  private bytesOf(given: number): number {
    const type = this.withoutNames(given);
    const { kind } = this.info(type);
    if (kind === KIND.pointer) return POINTER_BYTES;
    return SIZED.includes(kind) ? this.sizeOrType(type) : 0;
  }

  private withoutNames(given: number): number {
    let type = given;
    for (let depth = 0; depth < DEEPEST; depth++) {
      if (!NAMES.includes(this.info(type).kind)) return type;
      type = this.sizeOrType(type);
    }
    throw new DamagedDebug();
  }

  private info(type: number): { kind: number; count: number; flag: boolean } {
    if (type === 0) return { kind: 0, count: 0, flag: false };
    const info = this.view.getUint32(this.placeOf(type) + 4, true);
    return { kind: (info >>> 24) & 0x1f, count: info & 0xffff, flag: info >>> 31 === 1 };
  }

  private sizeOrType(type: number): number {
    return this.view.getUint32(this.placeOf(type) + 8, true);
  }

  private placeOf(type: number): number {
    if (type === 0 || type >= this.places.length) throw new DamagedDebug();
    return this.places[type];
  }

  private text(at: number): string {
    const bytes = new DwarfReader(this.strings, at, this.strings.length).boundedString();
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  }
}

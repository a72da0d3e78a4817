/** A relocatable object: its sections are laid out in the kernel's text range, and its relocations applied. */
import { BINDING, INDEX, RELOCATION, SECTION, SECTION_FLAG, SYMBOL_TYPE } from './elf-constants.js';
import { contents, describe, fail, type ElfFile, type ElfSection } from './elf-file.js';
import { imageSymbol, isListed, readSymbols, symbolTable, type ElfSymbol } from './elf-symbols.js';
import { shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import { Externals } from './externals.js';
import { FIXUP_SECTION, readFixups } from './fixups.js';
import { ABSOLUTE, type Fixup, type Image, type ImageSymbol, type Segment } from './image.js';
import { Layout } from './layout.js';
import {
  eachRela,
  fits,
  refusal,
  relaCount,
  RELOCATION_RULES,
  writeValue,
  type RelocationRule,
  type Rela,
} from './relocation.js';

/** Name of the segment that holds symbols of SHN_COMMON, and of the loader's table of addresses. */
const COMMON_SEGMENT = 'COMMON';
const GOT_SEGMENT = 'GOT';

/** An allocated section in memory. */
interface Placed {
  section: ElfSection;
  segment: Segment;
}

class ObjectLoader {
  private readonly placed = new Map<number, Placed>();
  private readonly segments: Segment[] = [];
  private readonly layout: Layout;
  private readonly externals = new Externals();
  private readonly symbols: ElfSymbol[];
  private readonly symbolSection: ElfSection | undefined;
  /** Address of each symbol of SHN_COMMON, by index. */
  private readonly common = new Map<number, bigint>();
  /** Address of a symbol's slot in the table of addresses, by index. */
  private readonly slots = new Map<number, bigint>();

  constructor(private readonly file: ElfFile) {
    this.layout = new Layout(file);
    this.symbolSection = symbolTable(file);
    this.symbols = this.symbolSection === undefined ? [] : readSymbols(file, this.symbolSection);
  }

  load(): Omit<Image, 'hash'> {
    for (const section of this.file.sections)
      if (section.flags & SECTION_FLAG.alloc && section.type !== SECTION.null) this.place(section);
    this.placeCommon();
    const tables = this.relocationTables();
    this.placeSlots(tables);
    for (const table of tables) this.relocate(table);
    const fixups: Fixup[] = [];
    for (const { section, segment } of this.placed.values())
      if (section.name === FIXUP_SECTION) readFixups(this.file, section, segment.bytes, segment.address, fixups);
    return {
      name: this.file.name,
      format: 'elf-object',
      convention: 'sysv',
      segments: this.segments.filter((segment) => segment.size > 0),
      symbols: this.listSymbols(),
      externals: this.externals.list,
      fixups,
    };
  }

  private place(section: ElfSection): void {
    if (section.flags & SECTION_FLAG.compressed)
      fail(this.file, `${describe(section)} is compressed; build without compressed code sections`);
    const segment: Segment = {
      name: section.name,
      address: this.layout.take(section.size, section.align, describe(section)),
      size: section.size,
      bytes: contents(this.file, section),
      read: true,
      write: (section.flags & SECTION_FLAG.write) !== 0,
      execute: (section.flags & SECTION_FLAG.execute) !== 0,
    };
    section.address = segment.address;
    this.placed.set(section.index, { section, segment });
    this.segments.push(segment);
  }

  private placeCommon(): void {
    let size = 0;
    const offsets: [index: number, offset: number][] = [];
    this.symbols.forEach((symbol, index) => {
      if (!symbol.special || symbol.section !== INDEX.common) return;
      // The value of a common symbol is its alignment.
      const align = this.layout.alignment(Number(symbol.value), `common symbol ${shorten(symbol.name)}`);
      const offset = Math.ceil(size / align) * align;
      offsets.push([index, offset]);
      size = offset + symbol.size;
    });
    if (offsets.length === 0) return;
    const align = Math.max(...new Set(offsets.map(([index]) => Number(this.symbols[index].value))));
    const address = this.layout.take(size, align, 'the common symbols');
    for (const [index, offset] of offsets) this.common.set(index, address + BigInt(offset));
    this.segments.push({
      name: COMMON_SEGMENT,
      address,
      size,
      bytes: new Uint8Array(0),
      read: true,
      write: true,
      execute: false,
    });
  }

  /** The tables that change memory. Those of debug sections are left alone. */
  private relocationTables(): ElfSection[] {
    const tables: ElfSection[] = [];
    let count = 0;
    for (const table of this.file.sections) {
      if (table.type !== SECTION.rela && table.type !== SECTION.rel && table.type !== SECTION.crel) continue;
      if (table.info >= this.file.sections.length)
        fail(
          this.file,
          `${describe(table)} relocates section ${table.info} of ${this.file.sections.length}; the file is damaged: build it again`,
        );
      const target = this.placed.get(table.info);
      if (target === undefined || table.size === 0) continue;
      if (table.type !== SECTION.rela)
        fail(
          this.file,
          `${describe(table)} holds ${table.type === SECTION.rel ? 'REL' : 'CREL'} relocations; build with RELA, as x86-64 compilers do by default`,
        );
      if (table.link !== this.symbolSection?.index)
        fail(
          this.file,
          `${describe(table)} uses section ${table.link}, which is not the symbol table; the file is damaged: build it again`,
        );
      if (target.section.type === SECTION.nobits)
        fail(
          this.file,
          `${describe(table)} relocates ${describe(target.section)}, which has no contents; the file is damaged: build it again`,
        );
      count += relaCount(this.file, table);
      tables.push(table);
    }
    // Tables that share bytes would make the work larger than the file.
    if (count * 24 > this.file.bytes.length)
      fail(this.file, 'relocation tables overlap; the file is damaged: build it again');
    return tables;
  }

  private placeSlots(tables: ElfSection[]): void {
    const users = new Map<number, string>();
    for (const table of tables)
      eachRela(this.file, table, (rela) => {
        if (RELOCATION_RULES.get(rela.type)?.from === 'G' && !users.has(rela.symbol))
          users.set(rela.symbol, this.where(this.file.sections[table.info], rela));
      });
    if (users.size === 0) return;
    const bytes = new Uint8Array(users.size * 8);
    const view = new DataView(bytes.buffer);
    const address = this.layout.take(bytes.length, 8, 'the table of addresses');
    let at = 0;
    for (const [user, where] of users) {
      writeValue(
        view,
        at,
        8,
        this.symbolAddress(user, () => where),
      );
      this.slots.set(user, address + BigInt(at));
      at += 8;
    }
    this.segments.push({
      name: GOT_SEGMENT,
      address,
      size: bytes.length,
      bytes,
      read: true,
      write: false,
      execute: false,
    });
  }

  private relocate(table: ElfSection): void {
    const target = this.placed.get(table.info);
    if (target === undefined) return;
    const { section, segment } = target;
    // The first table makes the copy; a section may have several.
    if (segment.bytes.buffer === this.file.bytes.buffer) segment.bytes = segment.bytes.slice();
    const { bytes } = segment;
    const view = new DataView(bytes.buffer);
    eachRela(this.file, table, (rela) => {
      if (rela.type === RELOCATION.none) return;
      const rule = RELOCATION_RULES.get(rela.type);
      if (rule === undefined)
        fail(this.file, `${this.where(section, rela)}: ${refusal(rela.type, 'build with -mcmodel=kernel or -fPIE')}`);
      if (rela.offset + BigInt(rule.width) > BigInt(bytes.length))
        fail(
          this.file,
          `${this.where(section, rela)}: ${rule.name} lies outside the section of ${hex(bytes.length)} bytes; the file is damaged: build it again`,
        );
      const at = Number(rela.offset);
      const place = rule.relative ? segment.address + rela.offset : 0n;
      const value = this.operand(rule, rela, section) + rela.addend - place;
      if (!fits(rule, value))
        fail(
          this.file,
          `${this.where(section, rela)}: ${rule.name} overflows with ${hex(BigInt.asUintN(64, value))} for ${this.symbolName(rela.symbol)}; build with -mcmodel=kernel or -fPIE`,
        );
      writeValue(view, at, rule.width, value);
    });
  }

  private operand(rule: RelocationRule, rela: Rela, section: ElfSection): bigint {
    if (rule.from === 'S') return this.symbolAddress(rela.symbol, () => this.where(section, rela));
    const slot = this.slots.get(rela.symbol);
    if (slot === undefined) throw new TypeError(`no slot was placed for symbol ${rela.symbol}`);
    return slot;
  }

  private where(section: ElfSection, rela: Rela): string {
    return `${describe(section)} offset ${hex(rela.offset)}`;
  }

  private symbolName(index: number): string {
    const symbol = this.symbols[index];
    if (symbol === undefined) return `symbol ${index}`;
    if (symbol.name !== '') return shorten(symbol.name);
    return symbol.special ? `symbol ${index}` : describe(this.file.sections[symbol.section]);
  }

  /** S of a relocation. @throws ImageError for a symbol that has no address; names the place */
  private symbolAddress(index: number, where: () => string): bigint {
    if (index === 0) return 0n;
    const symbol = this.symbols[index];
    const complain = (what: string): never => fail(this.file, `${where()}: ${what}`);
    if (symbol === undefined)
      return complain(`refers to symbol ${index} of ${this.symbols.length}; the file is damaged: build it again`);
    if (symbol.type === SYMBOL_TYPE.tls)
      return complain(
        `refers to the thread-local symbol ${this.symbolName(index)}; build the code without thread-local variables`,
      );
    if (symbol.special) {
      if (symbol.section === INDEX.absolute) return symbol.value;
      const common = this.common.get(index);
      if (common !== undefined) return common;
      return complain(
        `refers to ${this.symbolName(index)}, in the unknown section index ${hex(symbol.section)}; build with GNU or LLVM tools for x86-64`,
      );
    }
    if (symbol.section === INDEX.undefined) {
      if (symbol.binding === BINDING.weak) return 0n;
      if (symbol.name === '')
        return complain(
          `refers to the undefined symbol ${index}, which has no name; the file is damaged: build it again`,
        );
      return this.externals.address(symbol.name);
    }
    const placed = this.placed.get(symbol.section);
    if (placed !== undefined) return BigInt.asUintN(64, placed.segment.address + symbol.value);
    return complain(
      `refers to ${this.symbolName(index)} in ${describe(this.file.sections[symbol.section])}, which is not loaded; keep that section when linking or stripping`,
    );
  }

  private listSymbols(): ImageSymbol[] {
    const list: ImageSymbol[] = [];
    this.symbols.forEach((symbol, index) => {
      if (!isListed(symbol)) return;
      if (!symbol.special) {
        const placed = this.placed.get(symbol.section);
        if (placed !== undefined)
          list.push(
            imageSymbol(symbol, BigInt.asUintN(64, placed.segment.address + symbol.value), placed.segment.name),
          );
      } else if (symbol.section === INDEX.absolute) list.push(imageSymbol(symbol, symbol.value, ABSOLUTE));
      else {
        const address = this.common.get(index);
        if (address !== undefined) list.push({ ...imageSymbol(symbol, address, COMMON_SEGMENT), kind: 'object' });
      }
    });
    return list;
  }
}

/**
 * Lays out and relocates an object (ET_REL).
 * @throws ImageError for what cannot be laid out or relocated
 */
export function loadObject(file: ElfFile): Omit<Image, 'hash'> {
  return new ObjectLoader(file).load();
}

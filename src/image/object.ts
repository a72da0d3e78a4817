/** A relocatable ELF object, as the link step (link.ts) takes it. */
import { BINDING, INDEX, RELOCATION, SECTION, SECTION_FLAG, SYMBOL_TYPE } from './elf-constants.js';
import { contents, describe, fail, type ElfFile, type ElfSection } from './elf-file.js';
import { comdatGroups } from './elf-groups.js';
import { isListed, kindOf, readSymbols, symbolTable, type ElfSymbol } from './elf-symbols.js';
import { BUG_SECTION } from './bug-table.js';
import { FIXUP_SECTION } from './fixups.js';
import { hex } from '../text/hex.js';
import type { Image } from './image.js';
import { linkObjects } from './link.js';
import type { LinkInput, LinkRelocation, LinkSection, LinkSymbol } from './link-input.js';
import {
  addendInPlace,
  eachRel,
  eachRela,
  refusal,
  type Rela,
  relaCount,
  RELOCATION_RULES,
  unsupportedWidth,
} from './relocation.js';

/** Sections of which a linker keeps the first of each name: what COMDAT groups were before there were groups. */
const LINK_ONCE = '.gnu.linkonce.';
const ADVICE = 'build with -mcmodel=kernel or -fPIE';

class ObjectReader implements LinkInput {
  readonly name: string;
  readonly sections: (LinkSection | undefined)[];
  readonly symbols: LinkSymbol[];
  private readonly symbolSection: ElfSection | undefined;
  private readonly tables: ElfSection[];

  constructor(private readonly file: ElfFile) {
    this.name = file.name;
    this.symbolSection = symbolTable(file);
    const symbols = this.symbolSection === undefined ? [] : readSymbols(file, this.symbolSection);
    const groups = comdatGroups(file, this.symbolSection, symbols);
    this.symbols = symbols.map(linkSymbol);
    this.sections = file.sections.map((section) =>
      section.flags & SECTION_FLAG.alloc && section.type !== SECTION.null
        ? linkSection(file, section, groups.get(section.index))
        : undefined,
    );
    this.tables = this.relocationTables();
  }

  describeSection(index: number): string {
    return describe(this.file.sections[index]);
  }

  /** The tables that change memory. Those of debug sections are left alone. */
  private relocationTables(): ElfSection[] {
    const { file } = this;
    const tables: ElfSection[] = [];
    let count = 0;
    for (const table of file.sections) {
      if (table.type !== SECTION.rela && table.type !== SECTION.rel && table.type !== SECTION.crel) continue;
      if (table.info >= file.sections.length)
        fail(
          file,
          `${describe(table)} relocates section ${table.info} of ${file.sections.length}; the file is damaged: build it again`,
        );
      const target = this.sections[table.info];
      if (target === undefined || table.size === 0) continue;
      if (table.link !== this.symbolSection?.index)
        fail(
          file,
          `${describe(table)} uses section ${table.link}, which is not the symbol table; the file is damaged: build it again`,
        );
      // objcopy --only-keep-debug takes the contents and leaves the relocations.
      if (file.sections[table.info].type === SECTION.nobits) {
        target.unusable ??= 'has relocations, and this file has no contents of it; give the object it was split from';
        continue;
      }
      if (table.type === SECTION.crel) {
        target.unusable ??= `has compact relocations (${describe(table)}), which are not read; build without --crel`;
        continue;
      }
      count += table.type === SECTION.rel ? table.size / 16 : relaCount(file, table);
      tables.push(table);
    }
    // Tables that share bytes would make the work larger than the file.
    if (count * 16 > file.bytes.length) fail(file, 'relocation tables overlap; the file is damaged: build it again');
    return tables;
  }

  eachRelocation(visit: (relocation: LinkRelocation) => void): void {
    const relocation: LinkRelocation = {
      section: 0,
      offset: 0,
      rule: undefined,
      refusal: '',
      width: 0,
      symbol: 0,
      addend: 0n,
    };
    for (const table of this.tables) {
      const section = this.sections[table.info];
      if (section === undefined || section.unusable !== undefined) continue;
      relocation.section = table.info;
      const inPlace = table.type === SECTION.rel;
      const view = new DataView(section.bytes.buffer, section.bytes.byteOffset, section.bytes.byteLength);
      const each = inPlace ? eachRel : eachRela;
      each(this.file, table, (rela) => {
        if (rela.type === RELOCATION.none || !this.read(rela, section, relocation)) return;
        if (inPlace && relocation.rule !== undefined)
          relocation.addend = addendInPlace(view, relocation.offset, relocation.rule.width);
        visit(relocation);
      });
    }
  }

  /** @returns false where nothing is written @throws ImageError for a place or a symbol that is not there */
  private read({ offset, type, symbol, addend }: Rela, section: LinkSection, into: LinkRelocation): boolean {
    const where = (): string => `${section.what} offset ${hex(offset)}`;
    const rule = RELOCATION_RULES.get(type);
    const width = rule?.width ?? unsupportedWidth(type);
    const size = section.bytes.length;
    // A mark says something of its instruction, and may stand at its very end.
    // Beyond 2^53 it is not exact, and outside all the same.
    const at = Number(offset);
    if (at + (rule === undefined ? 0 : width) > size)
      fail(
        this.file,
        `${where()}: ${rule?.name ?? `relocation type ${type}`} lies outside the section of ${hex(size)} bytes; the file is damaged: build it again`,
      );
    if (symbol !== 0) this.checkSymbol(symbol, where);
    into.offset = at;
    into.rule = rule;
    into.refusal = rule === undefined ? refusal(type, ADVICE) : '';
    into.width = Math.min(width, size - at);
    into.symbol = symbol;
    into.addend = addend;
    return into.width > 0;
  }

  private checkSymbol(index: number, where: () => string): void {
    const symbol = this.symbols[index];
    if (symbol === undefined)
      fail(
        this.file,
        `${where()}: refers to symbol ${index} of ${this.symbols.length}; the file is damaged: build it again`,
      );
    if (symbol.at === 'undefined' && symbol.name === '')
      fail(
        this.file,
        `${where()}: refers to the undefined symbol ${index}, which has no name; the file is damaged: build it again`,
      );
  }
}

function linkSection(file: ElfFile, section: ElfSection, comdat: string | undefined): LinkSection {
  const { name, size, align, flags, type } = section;
  const write = (flags & SECTION_FLAG.write) !== 0;
  const noContents = type === SECTION.nobits;
  const execute = (flags & SECTION_FLAG.execute) !== 0;
  const group = comdat ?? (name.startsWith(LINK_ONCE) ? name : undefined);
  const unusable =
    (flags & SECTION_FLAG.compressed) !== 0
      ? 'is compressed; build without compressed code sections'
      : noContents && execute && !write
        ? 'is code that this file has no contents of; give the object it was split from'
        : undefined;
  return {
    name,
    what: describe(section),
    size,
    align,
    bytes: contents(file, section),
    write,
    // What is to be written first is data until then.
    execute: execute && !(noContents && write),
    ...(unusable !== undefined && { unusable }),
    ...(group !== undefined && { group }),
    ...(name === FIXUP_SECTION && { fixups: true }),
    ...(name === BUG_SECTION && { bugs: true }),
    placed(address) {
      section.address = address;
    },
  };
}

function linkSymbol(symbol: ElfSymbol): LinkSymbol {
  const { name, binding, size, section, value, type } = symbol;
  return {
    name,
    kind: kindOf(symbol),
    binding:
      binding === BINDING.local ? 'local' : binding === BINDING.weak || binding === BINDING.unique ? 'weak' : 'global',
    size,
    at: placeOf(symbol),
    section,
    value,
    listed: isListed(symbol),
    indirect: type === SYMBOL_TYPE.indirect && (symbol.special || section !== INDEX.undefined),
  };
}

function placeOf({ type, special, section }: ElfSymbol): LinkSymbol['at'] {
  if (type === SYMBOL_TYPE.tls) return 'thread';
  if (!special) return section === INDEX.undefined ? 'undefined' : 'section';
  if (section === INDEX.absolute) return 'absolute';
  return section === INDEX.common || section === INDEX.largeCommon ? 'common' : 'unknown';
}

/** An object (ET_REL) for the link step. @throws ImageError for one that is damaged */
export function readObject(file: ElfFile): LinkInput {
  return new ObjectReader(file);
}

/** One object by itself. @throws ImageError for what is damaged, or cannot be laid out */
export function loadObject(file: ElfFile): Omit<Image, 'hash'> {
  return linkObjects([readObject(file)], { name: file.name, format: 'elf-object' });
}

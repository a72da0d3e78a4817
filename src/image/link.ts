/**
 * The link step: sections of one or several objects are laid out, their symbols resolved, and their relocations applied, as
 * `ld -r` and then a loader would. What cannot be applied becomes a bad place (bad-places.ts): only a run that comes to it
 * has no verdict.
 */
import { shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import { BadPlaces, badPlacesField, BadRanges } from './bad-places.js';
import { fail } from './elf-file.js';
import { type AddressRange, Externals, KERNEL_RANGE, LOW_RANGE } from './externals.js';
import { readBugTable } from './bug-table.js';
import { readFixupTable } from './fixups.js';
import { ABSOLUTE, type Fixup, type Image, type ImageSymbol, indirectName, type Segment } from './image.js';
import { Layout } from './layout.js';
import type { LinkInput, LinkRelocation, LinkSection, LinkSymbol } from './link-input.js';
import { GOT_SYMBOL, type LinkNeeds, needsOf } from './link-needs.js';
import { Definitions } from './link-symbols.js';
import { fits, type RelocationRule, writeValue } from './relocation.js';

/** Name of the segment that holds common symbols, and of the loader's table of addresses. */
const COMMON_SEGMENT = 'COMMON';
const GOT_SEGMENT = 'GOT';
/** What code for Windows and UEFI calls the start of the image that it is linked into. */
const IMAGE_SYMBOL = '__ImageBase';

export interface LinkOptions {
  /** For messages: escaped and bounded. */
  name: string;
  format: Image['format'];
  /** Whether an input is a member of an archive that nobody named: its definitions give way to others. */
  givesWay?(input: number): boolean;
  /** Whether something stands in for a symbol from outside: then a weak one is not 0. */
  isModelled?(name: string): boolean;
}

/** A section in memory. */
interface Placed {
  section: LinkSection;
  segment: Segment;
  view: DataView | undefined;
}

/** The address of a symbol, or why it has none. */
type Resolved = { address: bigint } | { missing: string };

const NO_ADDRESS: Resolved = { address: 0n };

class Link {
  private readonly placed: Map<number, Placed>[];
  private readonly segments: Segment[] = [];
  private readonly range: AddressRange;
  private readonly layout: Layout;
  private readonly externals: Externals;
  private readonly badPlaces: BadPlaces;
  private readonly definitions: Definitions;
  private readonly needs: LinkNeeds;
  /** Of each input, by number of the symbol: address of a common symbol, and of a symbol's slot in the table of addresses. */
  private readonly common: Map<number, bigint>[];
  private readonly slots: Map<number, bigint>[];
  private table: bigint | undefined;
  /** Groups of sections: the input whose sections are kept. */
  private readonly groups = new Map<string, number>();

  constructor(
    private readonly inputs: readonly LinkInput[],
    private readonly options: LinkOptions,
  ) {
    this.badPlaces = new BadPlaces(options);
    this.placed = inputs.map(() => new Map());
    this.common = inputs.map(() => new Map());
    this.slots = inputs.map(() => new Map());
    inputs.forEach(({ sections }, input) => {
      for (const section of sections)
        if (section?.group !== undefined && !this.groups.has(section.group)) this.groups.set(section.group, input);
    });
    const givesWay = (input: number): boolean => options.givesWay?.(input) ?? false;
    this.definitions = new Definitions(inputs, (input, section) => this.isKept(input, section), givesWay);
    this.needs = needsOf(inputs, this.definitions, (input, section) => this.isKept(input, section));
    this.range = this.needs.lowAddresses ? LOW_RANGE : KERNEL_RANGE;
    this.layout = new Layout(options, this.range);
    this.externals = new Externals(this.range.externals);
  }

  link(): Omit<Image, 'hash'> {
    this.inputs.forEach(({ sections }, input) => {
      sections.forEach((section, index) => {
        if (section !== undefined && this.isKept(input, index)) this.place(input, index, section);
      });
    });
    this.placeCommon();
    this.placeTable();
    this.inputs.forEach((from, input) =>
      from.eachRelocation((relocation) => {
        if (this.placed[input].has(relocation.section)) this.apply(input, relocation);
      }),
    );
    const symbols = this.listSymbols();
    const fixups = this.readFixups();
    return {
      name: this.options.name,
      format: this.options.format,
      convention: this.options.format === 'coff-object' ? 'ms-x64' : 'sysv',
      segments: this.segments.filter((segment) => segment.size > 0),
      symbols,
      externals: this.externals.list,
      fixups,
      ...(this.inputs.length > 1 && { files: this.inputs.map(({ name }) => name) }),
      ...badPlacesField(this.badPlaces),
    };
  }

  /** False of a section in place of which another object's is kept. */
  private isKept(input: number, index: number): boolean {
    const group = this.inputs[input].sections[index]?.group;
    return group === undefined || this.groups.get(group) === input;
  }

  /** "a.o: section 3 (.text)", where several objects have one. */
  private what(input: number, section: LinkSection): string {
    return this.inputs.length > 1 ? `${this.inputs[input].name}: ${section.what}` : section.what;
  }

  private origin(input: number): { file?: number } {
    return this.inputs.length > 1 ? { file: input } : {};
  }

  private place(input: number, index: number, section: LinkSection): void {
    const { name, size, align, bytes, write, execute, unusable } = section;
    const address = this.layout.take(size, align, this.what(input, section));
    const segment: Segment = { name, address, size, bytes, read: true, write, execute, ...this.origin(input) };
    section.placed?.(address);
    this.placed[input].set(index, { section, segment, view: undefined });
    this.segments.push(segment);
    if (unusable !== undefined)
      this.badPlaces.add(address, size, () => `${this.inputs[input].name}: ${section.what} ${unusable}`);
  }

  private placeCommon(): void {
    let size = 0;
    let most = 1;
    const offsets: [input: number, index: number, offset: number][] = [];
    this.inputs.forEach(({ symbols }, input) => {
      symbols.forEach((symbol, index) => {
        if (symbol.at !== 'common') return;
        const definition = this.definitions.of(input, index);
        if (definition.input !== input || definition.index !== index) return;
        const needed = this.definitions.common(definition);
        const align = this.layout.alignment(needed.align, `common symbol ${shorten(symbol.name)}`);
        const offset = Math.ceil(size / align) * align;
        offsets.push([input, index, offset]);
        size = offset + needed.size;
        most = Math.max(most, align);
      });
    });
    if (offsets.length === 0) return;
    const address = this.layout.take(size, most, 'the common symbols');
    for (const [input, index, offset] of offsets) this.common[input].set(index, address + BigInt(offset));
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

  /** The table of addresses: one slot for each symbol that is reached through it, by each object. */
  private placeTable(): void {
    const { table: isWanted, tableUsers: users } = this.needs;
    if (!isWanted) return;
    const bytes = new Uint8Array(Math.max(1, users.length) * 8);
    const view = new DataView(bytes.buffer);
    const table = this.layout.take(bytes.length, 8, 'the table of addresses');
    this.table = table;
    users.forEach(({ input, symbol, section, offset }, number) => {
      const slot = table + BigInt(number * 8);
      this.slots[input].set(symbol, slot);
      const resolved = this.resolve(input, symbol);
      if ('missing' in resolved)
        this.badPlaces.add(slot, 8, () => `${this.where(input, section, offset)}: ${resolved.missing}`);
      else writeValue(view, number * 8, 8, resolved.address);
    });
    this.segments.push({
      name: GOT_SEGMENT,
      address: table,
      size: bytes.length,
      bytes,
      read: true,
      write: false,
      execute: false,
    });
  }

  private apply(input: number, relocation: LinkRelocation): void {
    const { section, offset, rule, refusal, width, symbol, addend } = relocation;
    const placed = this.placed[input].get(section) as Placed;
    if (placed.section.unusable !== undefined) return;
    const place = placed.segment.address + BigInt(offset);
    const bad = (why: string): void =>
      this.badPlaces.add(place, width, () => `${this.where(input, section, offset)}: ${why}`);
    if (rule === undefined) return bad(refusal);
    const from = this.operand(rule, input, symbol);
    if ('missing' in from) return bad(`${rule.name} ${from.missing}`);
    let value = from.address + addend;
    if (rule.relative) value -= place;
    if (rule.inTable) value -= this.table ?? 0n;
    if (rule.inImage) value -= this.range.text;
    if (!fits(rule, value))
      return bad(
        `${rule.name} overflows with ${hex(BigInt.asUintN(64, value))} for ${this.symbolName(input, symbol)}; build with -mcmodel=kernel or -fPIE`,
      );
    writeValue(viewOf(placed), offset, rule.width, value);
  }

  private operand(rule: RelocationRule, input: number, symbol: number): Resolved {
    if (rule.from === 'S') return this.resolve(input, symbol);
    if (rule.from === 'Z' && symbol === 0) return NO_ADDRESS;
    if (rule.from === 'Z') return { address: BigInt(this.definitions.of(input, symbol).symbol.size) };
    return { address: (rule.from === 'T' ? this.table : this.slots[input].get(symbol)) ?? 0n };
  }

  private where(input: number, section: number, offset: number): string {
    const { name } = this.inputs[input];
    return `${name}: ${this.inputs[input].describeSection(section)} offset ${hex(offset)}`;
  }

  private symbolName(input: number, index: number): string {
    if (index === 0) return 'no symbol';
    const { name, at, section } = this.inputs[input].symbols[index];
    if (name !== '') return shorten(name);
    return at === 'section' ? this.inputs[input].describeSection(section) : `symbol ${index}`;
  }

  /** S of a relocation. */
  private resolve(input: number, index: number): Resolved {
    if (index === 0) return NO_ADDRESS;
    const { input: owner, index: number, symbol } = this.definitions.of(input, index);
    const { at, name, section, value } = symbol;
    if (symbol.indirect) return { address: this.externals.address(indirectName(name)) };
    if (at === 'absolute') return { address: value };
    if (at === 'common') return { address: this.common[owner].get(number) ?? 0n };
    if (at === 'undefined') return this.outside(symbol);
    if (at === 'thread')
      return missing(
        `refers to the thread-local symbol ${this.symbolName(owner, number)}; build the code without thread-local variables`,
      );
    if (at === 'unknown')
      return missing(
        `refers to ${this.symbolName(owner, number)}, in the unknown section index ${hex(section)}; build with GNU or LLVM tools for x86-64`,
      );
    const placed = this.placed[owner].get(section);
    if (placed !== undefined) return { address: BigInt.asUintN(64, placed.segment.address + value) };
    const replaced = this.inputs[owner].sections[section] !== undefined;
    return missing(
      `refers to ${this.symbolName(owner, number)} in ${this.inputs[owner].describeSection(section)}, ` +
        (replaced
          ? 'in place of which another file has the same group; build the files with one compiler and one set of options'
          : 'which is not loaded; keep that section when linking or stripping'),
    );
  }

  private outside({ name, binding }: LinkSymbol): Resolved {
    if (name === GOT_SYMBOL && this.table !== undefined) return { address: this.table };
    if (name === IMAGE_SYMBOL) return { address: this.range.text };
    if (binding === 'weak' && !(this.options.isModelled?.(name) ?? false)) return NO_ADDRESS;
    return { address: this.externals.address(name) };
  }

  private readFixups(): Fixup[] {
    const fixups: Fixup[] = [];
    const unknown = new BadRanges(this.badPlaces.sorted());
    const skip = (from: bigint, size: number): boolean => unknown.at(from, size) !== undefined;
    this.placed.forEach((sections, input) => {
      for (const { section, segment } of sections.values()) {
        if (section.unusable !== undefined) continue;
        const what = `${this.inputs[input].name}: ${section.what}`;
        if (section.fixups === true) readFixupTable(what, segment.bytes, segment.address, fixups, skip);
        if (section.bugs === true)
          readBugTable(segment.bytes, segment.address, (address, most) => this.codeAt(address, most), fixups, skip);
      }
    });
    return fixups;
  }

  /** Code that was laid out, as far as there are bytes. */
  private codeAt(address: bigint, most: number): Uint8Array | undefined {
    for (const sections of this.placed)
      for (const { segment } of sections.values()) {
        const at = address - segment.address;
        if (segment.execute && at >= 0n && at < BigInt(segment.bytes.length))
          return segment.bytes.subarray(Number(at), Number(at) + most);
      }
    return undefined;
  }

  private listSymbols(): ImageSymbol[] {
    const list: ImageSymbol[] = [];
    this.inputs.forEach(({ symbols }, input) =>
      symbols.forEach((symbol, index) => {
        if (!symbol.listed) return;
        const place = this.listedPlace(input, index, symbol);
        if (place === undefined) return;
        const { name, size, kind, binding, at, indirect } = symbol;
        list.push({
          name,
          address: place.address,
          size,
          kind: at === 'common' ? 'object' : kind,
          // A name that another definition has won is known in its own object alone.
          global: binding !== 'local' && this.definitions.isFirst(input, index),
          segment: place.segment,
          ...this.origin(input),
          ...(indirect && { indirect }),
        });
      }),
    );
    return list;
  }

  private listedPlace(
    input: number,
    index: number,
    { at, section, value }: LinkSymbol,
  ): { address: bigint; segment: string } | undefined {
    if (at === 'absolute') return { address: value, segment: ABSOLUTE };
    if (at === 'common') {
      const address = this.common[input].get(index);
      return address === undefined ? undefined : { address, segment: COMMON_SEGMENT };
    }
    const placed = at === 'section' ? this.placed[input].get(section) : undefined;
    return placed && { address: BigInt.asUintN(64, placed.segment.address + value), segment: placed.segment.name };
  }
}

function missing(why: string): Resolved {
  return { missing: why };
}

/** The bytes of a section, which are its own from the first write on. */
function viewOf(placed: Placed): DataView {
  if (placed.view === undefined) {
    const { segment } = placed;
    // Not slice(): a Buffer's does not copy.
    segment.bytes = new Uint8Array(segment.bytes);
    placed.view = new DataView(segment.bytes.buffer);
  }
  return placed.view;
}

/**
 * Links objects to one image, in the order given.
 * @throws DuplicateSymbol for a name that two of them define
 * @throws ImageError for what cannot be laid out
 */
export function linkObjects(inputs: readonly LinkInput[], options: LinkOptions): Omit<Image, 'hash'> {
  for (const input of inputs) {
    const code = input.sections.filter((section) => section !== undefined && section.execute && section.size > 0);
    if (code.length > 0 && code.every((section) => section?.unusable !== undefined && section.bytes.length === 0))
      fail(input, 'holds debug information only, no code; give the object it was split from');
  }
  return new Link(inputs, options).link();
}

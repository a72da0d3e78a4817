/** An executable or shared object, at the addresses it was linked for. */
import {
  BINDING,
  INDEX,
  PROGRAM_FLAG,
  PROGRAM_LOAD,
  RELOCATION,
  SECTION,
  SECTION_FLAG,
  SYMBOL_TYPE,
} from './elf-constants.js';
import { contents, describe, fail, type ElfFile, type ElfProgram, type ElfSection } from './elf-file.js';
import { BadPlaces, badPlacesField } from './bad-places.js';
import { imageSymbol, isListed, namingTable, readSymbols, type ElfSymbol } from './elf-symbols.js';
import { shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import { Externals } from './externals.js';
import { BUG_BOUNDS, BUG_SECTION, readBugTable } from './bug-table.js';
import { FIXUP_SECTION, readFixups } from './fixups.js';
import { ABSOLUTE, indirectName, SIZE_LIMIT, type Fixup, type Image, type ImageSymbol, type Segment } from './image.js';
import { ownGsBase, placePerCpu } from './per-cpu.js';
import { eachRel, eachRela, refusal, type Rela, relaCount, unsupportedWidth, writeValue } from './relocation.js';
import { codeAt, segmentAt } from './segments.js';
import { separateCode } from './writable-code.js';

const END = 1n << 64n;

function loadSegment(file: ElfFile, program: ElfProgram): Segment {
  const what = `program header ${program.index}`;
  if (program.fileSize > program.memorySize)
    fail(
      file,
      `${what} has ${hex(program.fileSize)} bytes for ${hex(program.memorySize)} bytes of memory; the file is damaged: build it again`,
    );
  if (program.memorySize > SIZE_LIMIT || program.address + BigInt(program.memorySize) > END)
    fail(
      file,
      `${what} asks for ${hex(program.memorySize)} bytes at ${hex(program.address)}; at most 1 GiB can be loaded, below 2^64`,
    );
  return {
    name: `LOAD${program.index}`,
    address: program.address,
    size: program.memorySize,
    bytes: file.bytes.subarray(program.offset, program.offset + program.fileSize),
    read: (program.flags & PROGRAM_FLAG.read) !== 0,
    write: (program.flags & PROGRAM_FLAG.write) !== 0,
    execute: (program.flags & PROGRAM_FLAG.execute) !== 0,
  };
}

function loadSegments(file: ElfFile): Segment[] {
  const segments = file.programs
    .filter((program) => program.type === PROGRAM_LOAD && program.memorySize > 0)
    .map((program) => loadSegment(file, program))
    .sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  if (segments.length === 0)
    fail(file, 'nothing to load: no PT_LOAD program header; give the linked executable or an object (.o)');
  let total = 0;
  segments.forEach((segment, index) => {
    total += segment.size;
    const next = segments[index + 1];
    if (next !== undefined && segment.address + BigInt(segment.size) > next.address)
      fail(
        file,
        `${segment.name} and ${next.name} overlap at ${hex(next.address)}; the file is damaged: build it again`,
      );
  });
  if (total > SIZE_LIMIT) fail(file, `needs ${hex(total)} bytes of memory, at most 1 GiB can be loaded`);
  return segments;
}

function checkHasCode(file: ElfFile): void {
  const code = file.sections.filter(
    (section) => section.flags & SECTION_FLAG.alloc && section.flags & SECTION_FLAG.execute && section.size > 0,
  );
  if (code.length > 0 && code.every((section) => section.type === SECTION.nobits))
    fail(file, 'holds debug information only, no code; give the executable it was split from');
}

/** Code for which the file has no bytes would be executed as zeros: what a section or a segment leaves to be filled. */
function addMissingCode(file: ElfFile, segments: readonly Segment[], badPlaces: BadPlaces): void {
  for (const { name, address, size, bytes, write, execute } of segments) {
    if (!execute || write) continue;
    badPlaces.add(
      address + BigInt(bytes.length),
      size - bytes.length,
      () => `${file.name}: ${name} has no contents from ${hex(bytes.length)} on; give the executable with its code`,
    );
  }
  for (const section of file.sections) {
    const { flags, type, address, size } = section;
    const isCode = flags & SECTION_FLAG.alloc && flags & SECTION_FLAG.execute && !(flags & SECTION_FLAG.write);
    if (!isCode || type !== SECTION.nobits || size > SIZE_LIMIT) continue;
    badPlaces.add(
      address,
      size,
      () =>
        `${file.name}: ${describe(section)} is code that this file has no contents of; give the executable it was split from`,
    );
  }
}

function listSymbols(file: ElfFile, segments: Segment[]): ImageSymbol[] {
  const table = namingTable(file);
  if (table === undefined) return [];
  const list: ImageSymbol[] = [];
  for (const symbol of readSymbols(file, table)) {
    if (!isListed(symbol)) continue;
    if (symbol.special) {
      if (symbol.section === INDEX.absolute) list.push(imageSymbol(symbol, symbol.value, ABSOLUTE));
    } else if (file.sections[symbol.section].flags & SECTION_FLAG.alloc)
      list.push(imageSymbol(symbol, symbol.value, segmentAt(segments, symbol.value)?.name ?? ''));
  }
  return list;
}

/** Finds bytes in memory, to be written; a segment gets bytes of its own when it is first written. */
class Patcher {
  private readonly views = new Map<Segment, DataView>();

  constructor(
    private readonly file: ElfFile,
    private readonly segments: Segment[],
  ) {}

  /** @throws ImageError where the file loads nothing, unless only memory is asked for */
  private find(address: bigint, size: number, table: ElfSection, memory: boolean): { segment: Segment; at: number } {
    const segment = segmentAt(this.segments, address);
    const at = segment === undefined ? 0 : Number(address - segment.address);
    if (segment === undefined || at + size > (memory ? segment.size : segment.bytes.length))
      fail(
        this.file,
        `${describe(table)} relocates ${hex(address)}, where the file loads nothing; the file is damaged: build it again`,
      );
    return { segment, at };
  }

  write(address: bigint, value: bigint, table: ElfSection): void {
    const { segment, at } = this.find(address, 8, table, false);
    let view = this.views.get(segment);
    if (view === undefined) {
      segment.bytes = segment.bytes.slice();
      view = new DataView(segment.bytes.buffer);
      this.views.set(segment, view);
    }
    writeValue(view, at, 8, value);
  }

  /** The quadword that the file holds there. */
  read(address: bigint, table: ElfSection): bigint {
    const { segment, at } = this.find(address, 8, table, false);
    const { buffer, byteOffset, byteLength } = segment.bytes;
    return new DataView(buffer, byteOffset, byteLength).getBigInt64(at, true);
  }

  /** Bytes of a range that lie in memory, from its start on. */
  within(address: bigint, size: number, table: ElfSection): number {
    const { segment, at } = this.find(address, 1, table, true);
    return Math.min(size, segment.size - at);
  }
}

/** A symbol's value, or why it has none. */
type Value = bigint | string;

/** Applies the relocations that a loader would, for the base at which the file was linked. */
class DynamicRelocations {
  private readonly symbolTables = new Map<number, ElfSymbol[]>();
  private readonly patcher: Patcher;
  private count = 0;

  constructor(
    private readonly file: ElfFile,
    segments: Segment[],
    private readonly externals: Externals,
    private readonly badPlaces: BadPlaces,
  ) {
    this.patcher = new Patcher(file, segments);
  }

  apply(): void {
    const { file } = this;
    // Tables kept by the linker for other uses (--emit-relocs, as in a kernel) are not allocated: they are applied already.
    for (const table of file.sections) {
      if ((table.flags & SECTION_FLAG.alloc) === 0 || table.size === 0) continue;
      if (table.type !== SECTION.rela && table.type !== SECTION.rel) continue;
      this.count += table.type === SECTION.rel ? table.size / 16 : relaCount(file, table);
      if (this.count * 16 > file.bytes.length)
        fail(file, 'relocation tables overlap; the file is damaged: build it again');
      const symbols = this.symbolsOf(table);
      const inPlace = table.type === SECTION.rel;
      const each = inPlace ? eachRel : eachRela;
      each(file, table, (rela) => this.one(rela, table, symbols, inPlace));
    }
  }

  private symbolsOf({ link }: ElfSection): ElfSymbol[] {
    let symbols = this.symbolTables.get(link);
    if (symbols === undefined) {
      const linked = this.file.sections[link];
      symbols = linked === undefined || link === 0 ? [] : readSymbols(this.file, linked);
      this.symbolTables.set(link, symbols);
    }
    return symbols;
  }

  private one(rela: Rela, table: ElfSection, symbols: ElfSymbol[], inPlace: boolean): void {
    const { offset, type, symbol, addend } = rela;
    if (type === RELOCATION.none) return;
    const where = (): string => `${describe(table)} for ${hex(offset)}`;
    const value = this.value(rela, symbols, where);
    if (typeof value === 'string') {
      // The whole of what is copied from a shared object that is not there.
      const size = type === RELOCATION.copy ? Math.max(1, symbols[symbol]?.size ?? 1) : unsupportedWidth(type);
      const within = this.patcher.within(offset, size, table);
      this.badPlaces.add(offset, within, () => `${this.file.name}: ${where()}: ${value}`);
      return;
    }
    const plain = type === RELOCATION.relative || type === RELOCATION.abs64;
    const added = !plain ? 0n : inPlace ? this.patcher.read(offset, table) : addend;
    this.patcher.write(offset, value + added, table);
  }

  /** What is written; of RELATIVE and 64 plus the addend. */
  private value({ type, symbol, addend }: Rela, symbols: ElfSymbol[], where: () => string): Value {
    if (type === RELOCATION.relative) return 0n;
    // The address is chosen by code that runs at start; a call of it shows up as a call of this name.
    if (type === RELOCATION.irelative) return this.externals.address(indirectName(this.resolverName(addend)));
    if (type === RELOCATION.abs64 || type === RELOCATION.globDat || type === RELOCATION.jumpSlot)
      return this.symbolValue(symbol, symbols, where);
    return refusal(type, 'link with -static, or give the object (.o)');
  }

  private resolvers: ReadonlyMap<bigint, string> | undefined;

  /** The name of what a resolver chooses, or the resolver's address. */
  private resolverName(address: bigint): string {
    if (this.resolvers === undefined) {
      const table = namingTable(this.file);
      const symbols = table === undefined ? [] : readSymbols(this.file, table);
      const indirect = symbols.filter(({ type }) => type === SYMBOL_TYPE.indirect);
      this.resolvers = new Map(indirect.map(({ value, name }) => [value, name]));
    }
    return this.resolvers.get(BigInt.asUintN(64, address)) ?? hex(BigInt.asUintN(64, address));
  }

  private symbolValue(index: number, symbols: ElfSymbol[], where: () => string): Value {
    if (index === 0) return 0n;
    const symbol = symbols[index];
    if (symbol === undefined)
      return fail(
        this.file,
        `${where()}: refers to symbol ${index} of ${symbols.length}; the file is damaged: build it again`,
      );
    if (symbol.type === SYMBOL_TYPE.tls) return `refers to the thread-local symbol ${shorten(symbol.name)}`;
    if (symbol.special || symbol.section !== INDEX.undefined)
      return symbol.type === SYMBOL_TYPE.indirect ? this.externals.address(indirectName(symbol.name)) : symbol.value;
    if (symbol.binding === BINDING.weak) return 0n;
    if (symbol.name === '')
      return fail(
        this.file,
        `${where()}: refers to the undefined symbol ${index}, which has no name; the file is damaged: build it again`,
      );
    return this.externals.address(symbol.name);
  }
}

/** The table of a kernel, found by its section or, without one, by the symbols around it. */
function readWarnings(
  file: ElfFile,
  segments: readonly Segment[],
  symbols: readonly ImageSymbol[],
  fixups: Fixup[],
): void {
  const code = (address: bigint, most: number): Uint8Array | undefined => codeAt(segments, address, most);
  const section = file.sections.find(({ name, flags }) => name === BUG_SECTION && flags & SECTION_FLAG.alloc);
  if (section !== undefined) {
    readBugTable(contents(file, section), section.address, code, fixups);
    return;
  }
  const [from, to] = BUG_BOUNDS.map((bound) => symbols.find(({ name }) => name === bound)?.address);
  const segment = from === undefined ? undefined : segmentAt(segments, from);
  if (from === undefined || to === undefined || segment === undefined) return;
  const at = Number(from - segment.address);
  readBugTable(segment.bytes.subarray(at, at + Number(to - from)), from, code, fixups);
}

/**
 * Loads an executable or shared object (ET_EXEC, ET_DYN) at the addresses it was linked for. Contents are views of the
 * file, so that a kernel of some 100 MB is not copied.
 * @throws ImageError for segments that overlap, or do not fit
 */
export function loadExecutable(file: ElfFile): Omit<Image, 'hash'> {
  checkHasCode(file);
  const segments = loadSegments(file);
  const externals = new Externals();
  const badPlaces = new BadPlaces(file);
  new DynamicRelocations(file, segments, externals, badPlaces).apply();
  addMissingCode(file, segments, badPlaces);
  const placed = segments
    .flatMap((segment) => separateCode(file, segment))
    .map((segment) => placePerCpu(file, segment))
    .sort((a, b) => (a.address < b.address ? -1 : 1));
  const fixups: Fixup[] = [];
  for (const section of file.sections)
    if (section.name === FIXUP_SECTION && section.flags & SECTION_FLAG.alloc)
      readFixups(file, section, contents(file, section), section.address, fixups);
  const symbols = listSymbols(file, placed);
  readWarnings(file, placed, symbols, fixups);
  const gsBase = ownGsBase(file);
  return {
    name: file.name,
    format: 'elf-executable',
    convention: 'sysv',
    segments: placed,
    symbols,
    externals: externals.list,
    fixups,
    ...badPlacesField(badPlaces),
    ...(gsBase !== undefined && { gsBase }),
  };
}

/** An executable or shared object, at the addresses it was linked for. */
import { BINDING, INDEX, PROGRAM_FLAG, PROGRAM_LOAD, RELOCATION, SECTION, SECTION_FLAG } from './elf-constants.js';
import { contents, describe, fail, type ElfFile, type ElfProgram, type ElfSection } from './elf-file.js';
import { imageSymbol, isListed, readSymbols, symbolTable, type ElfSymbol } from './elf-symbols.js';
import { hex } from '../text/hex.js';
import { Externals } from './externals.js';
import { FIXUP_SECTION, readFixups } from './fixups.js';
import { ABSOLUTE, SIZE_LIMIT, type Fixup, type Image, type ImageSymbol, type Segment } from './image.js';
import { ownGsBase, placePerCpu } from './per-cpu.js';
import { eachRela, refusal, relaCount, writeValue } from './relocation.js';
import { segmentAt } from './segments.js';
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

function listSymbols(file: ElfFile, segments: Segment[]): ImageSymbol[] {
  const table = symbolTable(file);
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

/** Writes 8 bytes in memory; the segment gets bytes of its own when it is first written. */
class Patcher {
  private readonly views = new Map<Segment, DataView>();

  constructor(
    private readonly file: ElfFile,
    private readonly segments: Segment[],
  ) {}

  write(address: bigint, value: bigint, table: ElfSection): void {
    const segment = segmentAt(this.segments, address);
    const at = segment === undefined ? 0 : Number(address - segment.address);
    if (segment === undefined || at + 8 > segment.bytes.length)
      fail(
        this.file,
        `${describe(table)} relocates ${hex(address)}, where the file loads nothing; the file is damaged: build it again`,
      );
    let view = this.views.get(segment);
    if (view === undefined) {
      segment.bytes = segment.bytes.slice();
      view = new DataView(segment.bytes.buffer);
      this.views.set(segment, view);
    }
    writeValue(view, at, 8, value);
  }
}

/** Applies the relocations that a loader would, for the base at which the file was linked. */
function relocate(file: ElfFile, segments: Segment[], externals: Externals): void {
  const old = file.sections.find(
    (section) => section.type === SECTION.rel && section.flags & SECTION_FLAG.alloc && section.size > 0,
  );
  if (old !== undefined)
    fail(file, `${describe(old)} holds REL relocations; link with RELA, as x86-64 linkers do by default`);
  // Tables kept by the linker for other uses (--emit-relocs, as in a kernel) are not allocated: they are applied already.
  const tables = file.sections.filter((section) => section.type === SECTION.rela && section.flags & SECTION_FLAG.alloc);
  const count = tables.reduce((sum, table) => sum + relaCount(file, table), 0);
  if (count * 24 > file.bytes.length) fail(file, 'relocation tables overlap; the file is damaged: build it again');
  const patcher = new Patcher(file, segments);
  const symbolTables = new Map<number, ElfSymbol[]>();
  for (const table of tables) {
    const linked = file.sections[table.link];
    let symbols = symbolTables.get(table.link);
    if (symbols === undefined) {
      symbols = linked === undefined || table.link === 0 ? [] : readSymbols(file, linked);
      symbolTables.set(table.link, symbols);
    }
    const known = symbols;
    eachRela(file, table, (rela) => {
      const where = (): string => `${describe(table)} for ${hex(rela.offset)}`;
      const symbolAddress = (): bigint => {
        if (rela.symbol === 0) return 0n;
        const symbol = known[rela.symbol];
        if (symbol === undefined)
          return fail(
            file,
            `${where()}: refers to symbol ${rela.symbol} of ${known.length}; the file is damaged: build it again`,
          );
        if (symbol.special || symbol.section !== INDEX.undefined) return symbol.value;
        if (symbol.binding === BINDING.weak) return 0n;
        if (symbol.name === '')
          return fail(
            file,
            `${where()}: refers to the undefined symbol ${rela.symbol}, which has no name; the file is damaged: build it again`,
          );
        return externals.address(symbol.name);
      };
      if (rela.type === RELOCATION.none) return;
      if (rela.type === RELOCATION.relative) patcher.write(rela.offset, rela.addend, table);
      else if (rela.type === RELOCATION.abs64) patcher.write(rela.offset, symbolAddress() + rela.addend, table);
      else if (rela.type === RELOCATION.globDat || rela.type === RELOCATION.jumpSlot)
        patcher.write(rela.offset, symbolAddress(), table);
      // The address is chosen by code that runs at start; a call of it shows up as a call of this name.
      else if (rela.type === RELOCATION.irelative)
        patcher.write(rela.offset, externals.address(`ifunc@${hex(BigInt.asUintN(64, rela.addend))}`), table);
      else fail(file, `${where()}: ${refusal(rela.type, 'link with -static, or give the object (.o)')}`);
    });
  }
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
  relocate(file, segments, externals);
  const placed = segments
    .flatMap((segment) => separateCode(file, segment))
    .map((segment) => placePerCpu(file, segment))
    .sort((a, b) => (a.address < b.address ? -1 : 1));
  const fixups: Fixup[] = [];
  for (const section of file.sections)
    if (section.name === FIXUP_SECTION && section.flags & SECTION_FLAG.alloc)
      readFixups(file, section, contents(file, section), section.address, fixups);
  const gsBase = ownGsBase(file);
  return {
    name: file.name,
    format: 'elf-executable',
    convention: 'sysv',
    segments: placed,
    symbols: listSymbols(file, placed),
    externals: externals.list,
    fixups,
    ...(gsBase !== undefined && { gsBase }),
  };
}

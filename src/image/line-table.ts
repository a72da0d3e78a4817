/**
 * Lines of source by address, from DWARF's .debug_line. The table is made when it is first asked for; an image that
 * nobody asks pays nothing. Damaged debug sections count as absent: they never make an image unusable.
 */
import { BoundedCache } from './bounded-cache.js';
import { debugLineSections } from './debug-sections.js';
import { DamagedDebug, TooMuchDebug, undamaged } from './dwarf-reader.js';
import { SECTION_FLAG } from './elf-constants.js';
import type { ElfFile } from './elf-file.js';
import { ImageError, type Image } from './image.js';
import { type LineSections, sourcePath } from './line-files.js';
import { type LineUnit, type LineWork, lineUnits, runLineProgram } from './line-program.js';
import { newUnpackBudget, type UnpackBudget } from './unpack-section.js';

/** A line of source code. */
export interface SourcePosition {
  /** Path as in the image, normalized: absolute, or relative to a folder that the image does not name. Escaped. */
  file: string;
  /** From 1. */
  line: number;
}

/** Instructions of one piece of code; `start <= address < end`. */
interface Sequence {
  start: bigint;
  end: bigint;
  /** Where its part of the unit's program begins. */
  from: number;
  sections: LineSections;
  unit: LineUnit;
}

interface LineTable {
  sequences: readonly Sequence[];
  work: LineWork;
  /** Why there are no sequences, where a limit was met. */
  isTooMuch: boolean;
}

/** Some five times what the largest kernels have. */
const MOST_SEQUENCES = 1 << 19;
/** Rows that one sequence may have: one unit of the largest programs has some hundred thousand. */
const MOST_ROWS = 1 << 21;
/** No source is longer. */
const LONGEST_SOURCE = 2 ** 30;

/** Of an image of several objects each. */
const FILES = new WeakMap<Image, readonly ElfFile[]>();
const TABLES = new WeakMap<Image, LineTable>();

/** Remembers where an image's debug sections are, for as long as the image is used. Reads nothing. */
export function keepDebugSections(image: Image, file: ElfFile): void {
  FILES.set(image, [...(FILES.get(image) ?? []), file]);
}

/** The files whose debug sections an image has. */
export function debugFilesOf(image: Image): readonly ElfFile[] {
  return FILES.get(image) ?? [];
}

/** For an image that has the code of another, at the same addresses. */
export function shareDebugSections(from: Image, to: Image): void {
  const files = FILES.get(from);
  if (files !== undefined) FILES.set(to, files);
}

/**
 * The line that an instruction comes from. Of a function inlined into another, the line in the inlined one.
 * @param address of the instruction, 64 bits unsigned
 * @returns undefined where the image has no line for it, was not read from a file, or has damaged debug sections
 */
export function sourceLine(image: Image, address: bigint): SourcePosition | undefined {
  const sequence = sequenceAt(tableOf(image).sequences, address);
  return sequence === undefined ? undefined : positionIn(sequence, address);
}

/** What reading the lines of an image took, and whether it was given up because there are too many. */
export function lineWork(image: Image): LineWork & { isTooMuch: boolean } {
  const { work, isTooMuch } = tableOf(image);
  return { ...work, isTooMuch };
}

function tableOf(image: Image): LineTable {
  let table = TABLES.get(image);
  if (table === undefined) TABLES.set(image, (table = readTable(image)));
  return table;
}

function readTable(image: Image): LineTable {
  const work: LineWork = { units: 0, steps: 0 };
  const budget = newUnpackBudget();
  const sequences: Sequence[] = [];
  try {
    for (const file of FILES.get(image) ?? []) readFile(file, budget, work, sequences);
  } catch (error) {
    if (error instanceof TooMuchDebug) return { sequences: [], work, isTooMuch: true };
    throw error;
  }
  sequences.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  return { sequences, work, isTooMuch: false };
}

/** A file whose debug sections are damaged has no lines; the others of the image keep theirs. */
function readFile(file: ElfFile, budget: UnpackBudget, work: LineWork, found: Sequence[]): void {
  try {
    for (const sections of debugLineSections(file, budget)) readSequences(sections, work, hasCodeAtZero(file), found);
  } catch (error) {
    if (!(error instanceof DamagedDebug || error instanceof ImageError)) throw error;
  }
}

/** Code that the linker dropped is at address 0, where firmware may have code of its own. */
function hasCodeAtZero({ sections }: ElfFile): boolean {
  return sections.some(
    ({ address, flags, size }) =>
      address === 0n && size > 0 && (flags & SECTION_FLAG.execute) !== 0 && (flags & SECTION_FLAG.alloc) !== 0,
  );
}

function readSequences(sections: LineSections, work: LineWork, codeAtZero: boolean, found: Sequence[]): void {
  for (const unit of lineUnits(sections.line, work)) {
    let start: bigint | undefined;
    const visitor = {
      row(base: bigint, { offset }: { offset: number }) {
        start ??= base + BigInt(offset);
      },
      end(base: bigint, offset: number, from: number) {
        const end = base + BigInt(offset);
        if (start !== undefined && (start !== 0n || codeAtZero) && start < end)
          found.push({ start, end, from, sections, unit });
        start = undefined;
        if (found.length > MOST_SEQUENCES) throw new TooMuchDebug();
      },
    };
    undamaged(() => runLineProgram(sections.line, unit, visitor, work));
  }
}

function sequenceAt(table: readonly Sequence[], address: bigint): Sequence | undefined {
  let low = 0;
  let high = table.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (table[middle].start <= address) low = middle + 1;
    else high = middle;
  }
  const sequence = table[low - 1];
  return sequence !== undefined && address < sequence.end ? sequence : undefined;
}

/** Rows by ascending offset from the start of the sequence; each reaches to the next one. */
interface Rows {
  offsets: Uint32Array;
  files: Uint32Array;
  /** 0 is code that comes from no line. */
  lines: Uint32Array;
}

const NO_ROWS: Rows = { offsets: new Uint32Array(0), files: new Uint32Array(0), lines: new Uint32Array(0) };
const ROWS = new BoundedCache<Sequence, Rows>(1 << 21);
const PATHS = new BoundedCache<LineUnit, Map<number, string | undefined>>(1 << 8);
/** Files of one unit whose path is kept. */
const MOST_PATHS = 1 << 8;

function positionIn(sequence: Sequence, address: bigint): SourcePosition | undefined {
  const rows = ROWS.get(
    sequence,
    () => rowsOf(sequence) ?? NO_ROWS,
    ({ offsets }) => offsets.length + 1,
  );
  const offset = Number(address - sequence.start);
  let low = 0;
  let high = rows.offsets.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows.offsets[middle] <= offset) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return undefined;
  const line = rows.lines[low - 1];
  const file = line === 0 ? undefined : pathOf(sequence, rows.files[low - 1]);
  return file === undefined ? undefined : { file, line };
}

/**
 * Runs the sequence's part of the program again: the table of all sequences would be as large as the image.
 * @returns undefined if it has too many rows, or their addresses do not ascend (DWARF version 5, section 6.2.5)
 */
function rowsOf({ start, from, sections, unit }: Sequence): Rows | undefined {
  const offsets: number[] = [];
  const files: number[] = [];
  const lines: number[] = [];
  let lastBase = start;
  let distance = 0;
  let last = 0;
  const visitor = {
    row(base: bigint, row: { offset: number; file: number; line: number }) {
      if (base !== lastBase) {
        distance = Number(base - start);
        lastBase = base;
      }
      const at = distance + row.offset;
      const line = row.line >= 1 && row.line <= LONGEST_SOURCE ? row.line : 0;
      const before = offsets.length - 1;
      if (at < last) throw new DamagedDebug();
      last = at;
      if (before >= 0 && files[before] === row.file && lines[before] === line) return;
      // Of several rows at one address the last one counts.
      const index = before >= 0 && at === offsets[before] ? before : before + 1;
      if (index >= MOST_ROWS) throw new DamagedDebug();
      offsets[index] = at;
      files[index] = row.file;
      lines[index] = line;
    },
    end() {
      // What it is was worked out with the table.
    },
  };
  return undamaged(() => {
    runLineProgram(sections.line, unit, visitor, { units: 0, steps: 0 }, from);
    return { offsets: Uint32Array.from(offsets), files: Uint32Array.from(files), lines: Uint32Array.from(lines) };
  });
}

function pathOf({ sections, unit }: Sequence, file: number): string | undefined {
  const paths = PATHS.get(
    unit,
    () => new Map<number, string | undefined>(),
    () => 1,
  );
  if (!paths.has(file)) {
    if (paths.size >= MOST_PATHS) paths.clear();
    paths.set(
      file,
      undamaged(() => sourcePath(sections, unit, file)),
    );
  }
  return paths.get(file);
}

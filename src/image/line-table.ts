/**
 * Lines of source by address, from DWARF's .debug_line. The table is made when it is first asked for; an image that
 * nobody asks pays nothing. Damaged debug sections count as absent: they never make an image unusable.
 */
import { debugLineSections } from './debug-sections.js';
import { DamagedDebug } from './dwarf-reader.js';
import type { ElfFile } from './elf-file.js';
import { ImageError, type Image } from './image.js';
import { type LineSections, sourcePath } from './line-files.js';
import { type LineUnit, lineUnits, runLineProgram, undamaged } from './line-program.js';

/** A line of source code. */
export interface SourcePosition {
  /** Path as in the image, normalized: absolute, or relative to the folder in which the compiler ran. Escaped. */
  file: string;
  /** From 1. */
  line: number;
}

/** Instructions of one piece of code; `start <= address < end`. */
interface Sequence {
  start: bigint;
  end: bigint;
  sections: LineSections;
  unit: LineUnit;
}

/** Some ten times what the largest kernels have. */
const SEQUENCE_LIMIT = 1 << 21;
/** No source is longer. */
const LINE_LIMIT = 2 ** 30;

/** Of an image of several objects each. */
const FILES = new WeakMap<Image, readonly ElfFile[]>();
const TABLES = new WeakMap<Image, Sequence[]>();

/** Remembers where an image's debug sections are, for as long as the image is used. Reads nothing. */
export function keepDebugSections(image: Image, file: ElfFile): void {
  FILES.set(image, [...(FILES.get(image) ?? []), file]);
}

/**
 * The line that an instruction comes from. Of a function inlined into another, the line in the inlined one.
 * @param address of the instruction, 64 bits unsigned
 * @returns undefined where the image has no line for it, was not read from a file, or has damaged debug sections
 */
export function sourceLine(image: Image, address: bigint): SourcePosition | undefined {
  let table = TABLES.get(image);
  if (table === undefined) TABLES.set(image, (table = readTable(image)));
  const sequence = sequenceAt(table, address);
  return sequence === undefined ? undefined : positionIn(sequence, address);
}

function readTable(image: Image): Sequence[] {
  const found = (FILES.get(image) ?? []).flatMap(sequencesOf);
  return found.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
}

function sequencesOf(file: ElfFile): Sequence[] {
  try {
    return debugLineSections(file).flatMap((sections) => readSequences(sections));
  } catch (error) {
    if (error instanceof DamagedDebug || error instanceof ImageError) return [];
    throw error;
  }
}

function readSequences(sections: LineSections): Sequence[] {
  const found: Sequence[] = [];
  for (const unit of lineUnits(sections.line)) {
    let start: bigint | undefined;
    undamaged(() =>
      runLineProgram(sections.line, unit, {
        row(base, { offset }) {
          start ??= base + BigInt(offset);
        },
        end(base, offset) {
          const end = base + BigInt(offset);
          // Code that the linker dropped is at address 0, or has no bytes.
          if (start !== undefined && start !== 0n && start < end) found.push({ start, end, sections, unit });
          start = undefined;
          if (found.length > SEQUENCE_LIMIT) throw new DamagedDebug();
        },
      }),
    );
  }
  return found;
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

/** What lies between two rows, in the order of the program; offsets from the start of the sequence. */
interface Span {
  from: number;
  to: number;
  file: number;
  line: number;
}

const SPANS = new WeakMap<Sequence, readonly Span[]>();
const PATHS = new WeakMap<LineUnit, Map<number, string | undefined>>();

function positionIn(sequence: Sequence, address: bigint): SourcePosition | undefined {
  let spans = SPANS.get(sequence);
  if (spans === undefined) SPANS.set(sequence, (spans = spansOf(sequence)));
  const offset = Number(address - sequence.start);
  const found = spans.find(({ from, to }) => from <= offset && offset < to);
  // Line 0 is code that comes from no line.
  if (found === undefined || found.line < 1 || found.line > LINE_LIMIT) return undefined;
  const file = pathOf(sequence, found.file);
  return file === undefined ? undefined : { file, line: found.line };
}

/** Runs the unit's program again: the table of all sequences would be as large as the image. */
function spansOf({ start, end, sections, unit }: Sequence): Span[] {
  const spans: Span[] = [];
  let before: { address: bigint; file: number; line: number } | undefined;
  const reach = (next: bigint): void => {
    if (before === undefined || before.address >= next || next <= start || before.address >= end) return;
    const { address, file, line } = before;
    spans.push({ from: Number(address - start), to: Number(next - start), file, line });
  };
  // Rows in front of damage count here as they did in the table.
  undamaged(() =>
    runLineProgram(sections.line, unit, {
      row(base, { offset, file, line }) {
        const at = base + BigInt(offset);
        reach(at);
        before = { address: at, file, line };
      },
      end(base, offset) {
        reach(base + BigInt(offset));
        before = undefined;
      },
    }),
  );
  return spans;
}

function pathOf({ sections, unit }: Sequence, file: number): string | undefined {
  let paths = PATHS.get(unit);
  if (paths === undefined) PATHS.set(unit, (paths = new Map()));
  if (!paths.has(file))
    paths.set(
      file,
      undamaged(() => sourcePath(sections, unit, file)),
    );
  return paths.get(file);
}

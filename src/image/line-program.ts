/**
 * The line-number programs of .debug_line, versions 2 to 5. Source of every number: DWARF version 5, section 6.2 (line
 * number information) and section 7.22 (its encodings); versions 2 to 4 differ in the header only.
 */
import { DamagedDebug, DwarfReader, TooMuchDebug, undamaged } from './dwarf-reader.js';
import { nextUnit } from './dwarf-units.js';

/** One unit of .debug_line: what is needed to run its program, and where its tables of names are. */
export interface LineUnit {
  version: number;
  /** Where it begins in the section: what .debug_info calls it by. */
  start: number;
  /** 64-bit DWARF: offsets have 8 bytes. */
  is64: boolean;
  minimumInstructionLength: number;
  lineBase: number;
  lineRange: number;
  opcodeBase: number;
  /** Number of LEB128 operands of the standard opcodes, from opcode 1 on. */
  operands: Uint8Array;
  /** Where the tables of directories and files begin, and where the program does and ends. */
  tables: number;
  program: number;
  end: number;
}

/** A row of the table: the instructions from here to the next row belong to the line. */
export interface LineRow {
  /** Bytes from the address that the program set last. */
  offset: number;
  file: number;
  line: number;
}

/** Told of sequences, which are rows with ascending addresses. */
export interface LineVisitor {
  /** @param row is the program's own, and changes after the call */
  row(base: bigint, row: Readonly<LineRow>): void;
  /**
   * @param offset of the first byte behind the sequence
   * @param from where in the section the sequence's part of the program begins
   */
  end(base: bigint, offset: number, from: number): void;
}

/** What reading an image's lines has taken so far: counted, not timed, so that every machine comes to the same end. */
export interface LineWork {
  units: number;
  /** Operations of line programs. */
  steps: number;
}

const VERSIONS = { oldest: 2, newest: 5 } as const;
const STANDARD = {
  extended: 0,
  copy: 1,
  advancePc: 2,
  advanceLine: 3,
  setFile: 4,
  constAddPc: 8,
  fixedAdvancePc: 9,
} as const;
const EXTENDED = { endSequence: 1, setAddress: 2 } as const;
/** In bytes. No code is as long: a sequence that claims more is damaged. */
const LONGEST_SEQUENCE = 2 ** 32 - 1;
/** Some ten times what the largest kernels have. */
const MOST_UNITS = 1 << 16;
/** Some three times what the largest kernels have: two seconds. */
const MOST_STEPS = 1 << 27;

/**
 * The units one after the other. One that is damaged inside is left out; the rest goes on behind its stated length.
 * @throws TooMuchDebug
 */
export function* lineUnits(section: Uint8Array, work: LineWork): Generator<LineUnit> {
  const reader = new DwarfReader(section, 0, section.length);
  for (let next = nextUnit(reader); next !== undefined; next = nextUnit(reader)) {
    const { start, contents, end, is64 } = next;
    reader.at = end;
    // Padding.
    if (contents === end) continue;
    if (++work.units > MOST_UNITS) throw new TooMuchDebug();
    const unit = undamaged(() => readUnit(new DwarfReader(section, contents, end), start, is64));
    if (unit !== undefined) yield unit;
  }
}

function readUnit(reader: DwarfReader, begin: number, is64: boolean): LineUnit {
  const version = reader.u16();
  if (version < VERSIONS.oldest || version > VERSIONS.newest) throw new DamagedDebug();
  if (version >= 5) {
    // The size of an address, which set_address says again.
    reader.u8();
    // Segment selectors are not for a flat address space.
    if (reader.u8() !== 0) throw new DamagedDebug();
  }
  const headerLength = reader.offset(is64);
  const program = reader.skip(headerLength) + headerLength;
  reader.at = program - headerLength;
  const minimumInstructionLength = reader.u8();
  // More than one operation an instruction is for VLIW machines.
  if (version >= 4 && reader.u8() > 1) throw new DamagedDebug();
  // default_is_stmt: every row counts here.
  reader.u8();
  const lineBase = reader.i8();
  const lineRange = reader.u8();
  const opcodeBase = reader.u8();
  if (lineRange === 0 || opcodeBase === 0) throw new DamagedDebug();
  const start = reader.skip(opcodeBase - 1);
  if (reader.at > program) throw new DamagedDebug();
  return {
    version,
    start: begin,
    is64,
    minimumInstructionLength,
    lineBase,
    lineRange,
    opcodeBase,
    operands: reader.bytes.subarray(start, reader.at),
    tables: reader.at,
    program,
    end: reader.end,
  };
}

/**
 * Runs a unit's program: all of it, or the one sequence that begins at `from`.
 * @throws DamagedDebug, with the rows before the damage visited; TooMuchDebug
 */
export function runLineProgram(
  section: Uint8Array,
  unit: LineUnit,
  visitor: LineVisitor,
  work: LineWork,
  from?: number,
): void {
  const { minimumInstructionLength, lineBase, lineRange, opcodeBase, operands } = unit;
  const reader = new DwarfReader(section, from ?? unit.program, unit.end);
  let begin = reader.at;
  let base = 0n;
  const row: LineRow = { offset: 0, file: 1, line: 1 };
  const advance = (operations: number): void => {
    row.offset += operations * minimumInstructionLength;
    if (row.offset > LONGEST_SEQUENCE) throw new DamagedDebug();
  };
  const reset = (): void => {
    base = 0n;
    row.offset = 0;
    row.file = 1;
    row.line = 1;
  };
  const setBase = (address: bigint): void => {
    base = address;
    row.offset = 0;
  };
  while (!reader.done) {
    if (++work.steps > MOST_STEPS) throw new TooMuchDebug();
    const opcode = reader.u8();
    if (opcode >= opcodeBase) {
      const adjusted = opcode - opcodeBase;
      advance(Math.floor(adjusted / lineRange));
      row.line += lineBase + (adjusted % lineRange);
      visitor.row(base, row);
      continue;
    }
    switch (opcode) {
      case STANDARD.extended: {
        const length = reader.uleb();
        const start = reader.skip(length);
        if (length === 0) break;
        const what = section[start];
        if (what === EXTENDED.endSequence) {
          visitor.end(base, row.offset, begin);
          if (from !== undefined) return;
          begin = reader.at;
          reset();
        } else if (what === EXTENDED.setAddress) {
          reader.at = start + 1;
          setBase(readAddress(reader, length - 1));
        }
        break;
      }
      case STANDARD.copy:
        visitor.row(base, row);
        break;
      case STANDARD.advancePc:
        advance(reader.uleb());
        break;
      case STANDARD.advanceLine:
        row.line += reader.sleb();
        break;
      case STANDARD.setFile:
        row.file = reader.uleb();
        break;
      case STANDARD.constAddPc:
        advance(Math.floor((255 - opcodeBase) / lineRange));
        break;
      case STANDARD.fixedAdvancePc:
        row.offset += reader.u16();
        if (row.offset > LONGEST_SEQUENCE) throw new DamagedDebug();
        break;
      default:
        // Columns, flags of a row, and opcodes of a later version.
        for (let count = operands[opcode - 1]; count > 0; count--) reader.uleb();
    }
  }
}

function readAddress(reader: DwarfReader, size: number): bigint {
  if (size === 8) return reader.u64();
  if (size === 4) return BigInt(reader.u32());
  throw new DamagedDebug();
}

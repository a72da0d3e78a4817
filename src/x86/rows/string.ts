import { Code, Mnemonic, OpKind } from 'iced-x86';
import { ARITHMETIC_FLAGS } from '../flags.js';
import { GPR, type Lifter, UnsupportedForm } from '../lifter.js';
import { OP, REPEAT } from '../micro-ops.js';
import type { Row } from '../row.js';
import { moveDouble } from './vector-move.js';

/** Width of the addresses and of the count: 32 bits with an address-size prefix. */
function addressWidth(l: Lifter): number {
  const i = l.instruction;
  for (let operand = 0; operand < i.opCount; operand++) {
    const kind = i.opKind(operand);
    if (kind === OpKind.MemorySegESI || kind === OpKind.MemoryESEDI) return 32;
  }
  return 64;
}

/** The address in RSI, with the segment's base. */
function source(l: Lifter): number {
  return l.withSegmentBase(l.zeroExtend(GPR.RSI, addressWidth(l)));
}

/** The address in RDI, whose segment is always ES. */
function destination(l: Lifter): number {
  return l.zeroExtend(GPR.RDI, addressWidth(l));
}

function advance(l: Lifter, register: number, width: number): void {
  const step = l.compute(OP.StringStep, 0, 0, width / 8);
  if (addressWidth(l) === 64) l.emit(OP.Add, register, register, step);
  else l.writeRegister(register, 32, l.compute(OP.Add, register, step));
}

/**
 * Wraps one iteration: the REP prefix counts RCX down, and `compares` lets REPE and REPNE end it by ZF.
 *
 * @param pointers - the address registers that Intel processors cut to 32 bits, as they do RCX, where ECX is 0 at the beginning
 *   (seen on a Xeon of family 6 model 167; the SDM is silent)
 */
function repeated(l: Lifter, compares: boolean, pointers: readonly number[], iteration: () => void): void {
  const i = l.instruction;
  if (!i.hasRepPrefix && !i.hasRepnePrefix) {
    iteration();
    return l.emit(OP.Next);
  }
  if (addressWidth(l) === 64) {
    l.emit(OP.RepeatCheck, 0, GPR.RCX);
    iteration();
  } else {
    const count = l.zeroExtend(GPR.RCX, 32);
    for (const r of [GPR.RCX, ...pointers]) l.emit(OP.SelectZero, r, l.zeroExtend(r, 32), r, count);
    l.emit(OP.RepeatCheck, 0, count);
    iteration();
    l.emit(OP.Zx32, GPR.RCX, GPR.RCX);
  }
  if (!compares) l.emit(OP.Repeat, 0, 0, 0, REPEAT.Always);
  else l.emit(OP.Repeat, 0, 0, 0, i.hasRepnePrefix ? REPEAT.WhileNotZero : REPEAT.WhileZero);
}

/** What the instructions of all widths have in common. */
interface StringOperation {
  readonly writes: number;
  /** See `repeated`. */
  readonly pointers: readonly number[];
  readonly iterate: (l: Lifter, width: number) => void;
}

function row(mnemonic: Mnemonic, width: number, { writes, pointers, iterate }: StringOperation): Row {
  return {
    mnemonic,
    writes,
    undefined: 0,
    lift: (l) => repeated(l, writes !== 0, pointers, () => iterate(l, width)),
  };
}

function move(l: Lifter, width: number): void {
  const value = l.load(source(l), width);
  l.storePlain(destination(l), value, width);
  advance(l, GPR.RSI, width);
  advance(l, GPR.RDI, width);
}

function fill(l: Lifter, width: number): void {
  l.storePlain(destination(l), GPR.RAX, width);
  advance(l, GPR.RDI, width);
}

function take(l: Lifter, width: number): void {
  const value = l.load(source(l), width);
  advance(l, GPR.RSI, width);
  l.writeRegister(GPR.RAX, width, value);
}

function compareStrings(l: Lifter, width: number): void {
  const a = l.load(source(l), width);
  const b = l.load(destination(l), width);
  l.flags(OP.FlagsSub, width, ARITHMETIC_FLAGS, 0, l.compute(OP.Sub, a, b), a, b);
  advance(l, GPR.RSI, width);
  advance(l, GPR.RDI, width);
}

function scan(l: Lifter, width: number): void {
  const b = l.load(destination(l), width);
  l.flags(OP.FlagsSub, width, ARITHMETIC_FLAGS, 0, l.compute(OP.Sub, GPR.RAX, b), GPR.RAX, b);
  advance(l, GPR.RDI, width);
}

const MOVE: StringOperation = { writes: 0, pointers: [GPR.RSI, GPR.RDI], iterate: move };
const FILL: StringOperation = { writes: 0, pointers: [GPR.RDI], iterate: fill };
const TAKE: StringOperation = { writes: 0, pointers: [], iterate: take };
const COMPARE: StringOperation = { writes: ARITHMETIC_FLAGS, pointers: [], iterate: compareStrings };
const SCAN: StringOperation = { writes: ARITHMETIC_FLAGS, pointers: [], iterate: scan };

/** MOVSD and CMPSD are also the names of SSE2 instructions: a move, and arithmetic that the machine does not execute. */
function orElse(code: Code, inner: Row, other: (l: Lifter) => void): Row {
  return { ...inner, lift: (l) => (l.instruction.code === code ? inner.lift(l) : other(l)) };
}

function refuseArithmetic(): void {
  throw new UnsupportedForm('scalar floating point');
}

/** String instructions, with and without REP; one execution of the micro-operations is one iteration. */
export const STRING_ROWS: readonly Row[] = [
  row(Mnemonic.Movsb, 8, MOVE),
  row(Mnemonic.Movsw, 16, MOVE),
  orElse(Code.Movsd_m32_m32, row(Mnemonic.Movsd, 32, MOVE), moveDouble),
  row(Mnemonic.Movsq, 64, MOVE),
  row(Mnemonic.Stosb, 8, FILL),
  row(Mnemonic.Stosw, 16, FILL),
  row(Mnemonic.Stosd, 32, FILL),
  row(Mnemonic.Stosq, 64, FILL),
  row(Mnemonic.Lodsb, 8, TAKE),
  row(Mnemonic.Lodsw, 16, TAKE),
  row(Mnemonic.Lodsd, 32, TAKE),
  row(Mnemonic.Lodsq, 64, TAKE),
  row(Mnemonic.Cmpsb, 8, COMPARE),
  row(Mnemonic.Cmpsw, 16, COMPARE),
  orElse(Code.Cmpsd_m32_m32, row(Mnemonic.Cmpsd, 32, COMPARE), refuseArithmetic),
  row(Mnemonic.Cmpsq, 64, COMPARE),
  row(Mnemonic.Scasb, 8, SCAN),
  row(Mnemonic.Scasw, 16, SCAN),
  row(Mnemonic.Scasd, 32, SCAN),
  row(Mnemonic.Scasq, 64, SCAN),
];

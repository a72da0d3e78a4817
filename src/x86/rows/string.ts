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
 * Wraps one iteration: the REP prefix counts RCX down. REPE and REPNE also end it by what the iteration returns, a slot that
 * is zero if ZF is to be set, and only the last iteration changes the flags: those of a fault in a later iteration are those of
 * the beginning (SDM volume 2, REP), and those of a trap between two iterations as well (seen on a Xeon of family 6 model 167).
 *
 * @param pointers - the address registers that Intel processors cut to 32 bits, as they do RCX, where ECX is 0 at the beginning
 *   (seen on a Xeon of family 6 model 167; the SDM is silent)
 */
function repeated(l: Lifter, { pointers, iterate }: StringOperation, width: number): void {
  const i = l.instruction;
  if (!i.hasRepPrefix && !i.hasRepnePrefix) {
    iterate(l, width)?.setFlags();
    return l.emit(OP.Next);
  }
  const is32 = addressWidth(l) === 32;
  const count = l.zeroExtend(GPR.RCX, addressWidth(l));
  if (is32) for (const r of [GPR.RCX, ...pointers]) l.emit(OP.SelectZero, r, l.zeroExtend(r, 32), r, count);
  l.emit(OP.RepeatCheck, 0, count);
  const comparison = iterate(l, width);
  const goesOn = comparison === undefined ? undefined : flagsAtEnd(l, comparison, count);
  if (is32) l.emit(OP.Zx32, GPR.RCX, GPR.RCX);
  if (goesOn === undefined) l.emit(OP.Repeat, 0, 0, 0, REPEAT.Counted);
  else l.emit(OP.Repeat, 0, goesOn, 0, REPEAT.WhileNotZero);
}

/** Sets the flags if this iteration is the last one. @returns a slot that is not zero if it is not */
function flagsAtEnd(l: Lifter, { difference, setFlags }: Comparison, count: number): number {
  const left = l.compute(OP.Sub, count, l.constant(1));
  const none = l.constant(0);
  const goesOn = l.instruction.hasRepnePrefix
    ? l.compute(OP.SelectZero, none, left, difference)
    : l.compute(OP.SelectZero, left, none, difference);
  const before = l.compute(OP.ReadFlags, 0);
  setFlags();
  const after = l.compute(OP.ReadFlags, 0);
  l.emit(OP.WriteFlags, 0, l.compute(OP.SelectZero, after, before, goesOn), 0, ARITHMETIC_FLAGS);
  return goesOn;
}

/** What an iteration of CMPS or SCAS compared. */
interface Comparison {
  /** Zero-extended. */
  readonly difference: number;
  readonly setFlags: () => void;
}

/** What the instructions of all widths have in common. */
interface StringOperation {
  readonly writes: number;
  /** See `repeated`. */
  readonly pointers: readonly number[];
  readonly iterate: (l: Lifter, width: number) => Comparison | undefined;
}

function row(mnemonic: Mnemonic, width: number, operation: StringOperation): Row {
  return {
    mnemonic,
    writes: operation.writes,
    undefined: 0,
    lift: (l) => repeated(l, operation, width),
  };
}

function move(l: Lifter, width: number): undefined {
  const value = l.load(source(l), width);
  l.storePlain(destination(l), value, width);
  advance(l, GPR.RSI, width);
  advance(l, GPR.RDI, width);
}

function fill(l: Lifter, width: number): undefined {
  l.storePlain(destination(l), GPR.RAX, width);
  advance(l, GPR.RDI, width);
}

function take(l: Lifter, width: number): undefined {
  const value = l.load(source(l), width);
  advance(l, GPR.RSI, width);
  l.writeRegister(GPR.RAX, width, value);
}

function comparison(l: Lifter, width: number, a: number, b: number): Comparison {
  const difference = l.compute(OP.Sub, a, b);
  return {
    difference: l.zeroExtend(difference, width),
    setFlags: () => l.flags(OP.FlagsSub, width, ARITHMETIC_FLAGS, 0, difference, a, b),
  };
}

function compareStrings(l: Lifter, width: number): Comparison {
  const a = l.load(source(l), width);
  const b = l.load(destination(l), width);
  advance(l, GPR.RSI, width);
  advance(l, GPR.RDI, width);
  return comparison(l, width, a, b);
}

function scan(l: Lifter, width: number): Comparison {
  const b = l.load(destination(l), width);
  advance(l, GPR.RDI, width);
  return comparison(l, width, GPR.RAX, b);
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

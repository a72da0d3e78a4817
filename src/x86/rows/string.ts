import { Code, Mnemonic, OpKind } from 'iced-x86';
import { ARITHMETIC_FLAGS } from '../flags.js';
import { GPR, type Lifter, UnsupportedForm } from '../lifter.js';
import { OP, REPEAT } from '../micro-ops.js';
import type { Row } from '../row.js';

/** The address in RSI, with the segment's base. */
function source(l: Lifter): number {
  return l.withSegmentBase(GPR.RSI);
}

function advance(l: Lifter, register: number, width: number): void {
  l.emit(OP.Add, register, register, l.compute(OP.StringStep, 0, 0, width / 8));
}

/** Wraps one iteration: the REP prefix counts RCX down, and `compares` lets REPE and REPNE end it by ZF. */
function repeated(l: Lifter, compares: boolean, iteration: () => void): void {
  const i = l.instruction;
  for (let operand = 0; operand < i.opCount; operand++) {
    const kind = i.opKind(operand);
    if (kind === OpKind.MemorySegESI || kind === OpKind.MemoryESEDI)
      throw new UnsupportedForm('32-bit string addresses');
  }
  const repeats = i.hasRepPrefix || i.hasRepnePrefix;
  if (repeats) l.emit(OP.RepeatCheck, 0, GPR.RCX);
  iteration();
  if (!repeats) l.emit(OP.Next);
  else if (!compares) l.emit(OP.Repeat, 0, 0, 0, REPEAT.Always);
  else l.emit(OP.Repeat, 0, 0, 0, i.hasRepnePrefix ? REPEAT.WhileNotZero : REPEAT.WhileZero);
}

function row(mnemonic: Mnemonic, width: number, writes: number, iteration: (l: Lifter, width: number) => void): Row {
  return {
    mnemonic,
    writes,
    undefined: 0,
    lift: (l) => repeated(l, writes !== 0, () => iteration(l, width)),
  };
}

function move(l: Lifter, width: number): void {
  const value = l.load(source(l), width);
  l.storePlain(GPR.RDI, value, width);
  advance(l, GPR.RSI, width);
  advance(l, GPR.RDI, width);
}

function fill(l: Lifter, width: number): void {
  l.storePlain(GPR.RDI, GPR.RAX, width);
  advance(l, GPR.RDI, width);
}

function take(l: Lifter, width: number): void {
  const value = l.load(source(l), width);
  advance(l, GPR.RSI, width);
  l.writeRegister(GPR.RAX, width, value);
}

function compareStrings(l: Lifter, width: number): void {
  const a = l.load(source(l), width);
  const b = l.load(GPR.RDI, width);
  l.flags(OP.FlagsSub, width, ARITHMETIC_FLAGS, 0, l.compute(OP.Sub, a, b), a, b);
  advance(l, GPR.RSI, width);
  advance(l, GPR.RDI, width);
}

function scan(l: Lifter, width: number): void {
  const b = l.load(GPR.RDI, width);
  l.flags(OP.FlagsSub, width, ARITHMETIC_FLAGS, 0, l.compute(OP.Sub, GPR.RAX, b), GPR.RAX, b);
  advance(l, GPR.RDI, width);
}

/** MOVSD and CMPSD are also the names of SSE2 instructions, which the machine does not execute. */
function unlessSse(inner: Row, code: Code): Row {
  return {
    ...inner,
    lift: (l) => {
      if (l.instruction.code !== code) throw new UnsupportedForm('scalar floating point');
      inner.lift(l);
    },
  };
}

/** String instructions, with and without REP; one execution of the micro-operations is one iteration. */
export const STRING_ROWS: readonly Row[] = [
  row(Mnemonic.Movsb, 8, 0, move),
  row(Mnemonic.Movsw, 16, 0, move),
  unlessSse(row(Mnemonic.Movsd, 32, 0, move), Code.Movsd_m32_m32),
  row(Mnemonic.Movsq, 64, 0, move),
  row(Mnemonic.Stosb, 8, 0, fill),
  row(Mnemonic.Stosw, 16, 0, fill),
  row(Mnemonic.Stosd, 32, 0, fill),
  row(Mnemonic.Stosq, 64, 0, fill),
  row(Mnemonic.Lodsb, 8, 0, take),
  row(Mnemonic.Lodsw, 16, 0, take),
  row(Mnemonic.Lodsd, 32, 0, take),
  row(Mnemonic.Lodsq, 64, 0, take),
  row(Mnemonic.Cmpsb, 8, ARITHMETIC_FLAGS, compareStrings),
  row(Mnemonic.Cmpsw, 16, ARITHMETIC_FLAGS, compareStrings),
  unlessSse(row(Mnemonic.Cmpsd, 32, ARITHMETIC_FLAGS, compareStrings), Code.Cmpsd_m32_m32),
  row(Mnemonic.Cmpsq, 64, ARITHMETIC_FLAGS, compareStrings),
  row(Mnemonic.Scasb, 8, ARITHMETIC_FLAGS, scan),
  row(Mnemonic.Scasw, 16, ARITHMETIC_FLAGS, scan),
  row(Mnemonic.Scasd, 32, ARITHMETIC_FLAGS, scan),
  row(Mnemonic.Scasq, 64, ARITHMETIC_FLAGS, scan),
];

import { Mnemonic } from 'iced-x86';
import { type Lifter, UnsupportedForm } from '../lifter.js';
import { ACCESS, OP } from '../micro-ops.js';
import type { Row } from '../row.js';

/** A pair of slots: low and high quadword. */
interface Pair {
  readonly low: number;
  readonly high: number;
}

function row(mnemonic: Mnemonic, lift: (l: Lifter) => void): Row {
  return {
    mnemonic,
    writes: 0,
    undefined: 0,
    lift: (l) => {
      lift(l);
      l.emit(OP.Next);
    },
  };
}

/** Checks a 16-byte memory operand as a whole, and its alignment where the instruction asks for it. */
function checkWhole(l: Lifter, aligned: boolean, forWrite: boolean): void {
  if (aligned) l.emit(OP.CheckAligned, 0, l.address(), 0, 16);
  l.checkAccess(16, forWrite ? ACCESS.ForWrite : 0);
}

function readPair(l: Lifter, operand: number, aligned: boolean): Pair {
  if (!l.isMemory(operand)) return { low: l.xmm(operand), high: l.xmm(operand) + 1 };
  checkWhole(l, aligned, false);
  const low = l.load(l.address(), 64);
  return { low, high: l.load(l.addressPlus(l.constant(8)), 64) };
}

function writePair(l: Lifter, operand: number, value: Pair, aligned: boolean): void {
  if (l.isMemory(operand)) {
    checkWhole(l, aligned, true);
    l.store(l.address(), value.low, 64);
    l.store(l.addressPlus(l.constant(8)), value.high, 64);
  } else {
    l.emit(OP.Mov, l.xmm(operand), value.low);
    l.emit(OP.Mov, l.xmm(operand) + 1, value.high);
  }
}

function moveWhole(mnemonic: Mnemonic, aligned: boolean): Row {
  return row(mnemonic, (l) => writePair(l, 0, readPair(l, 1, aligned), aligned));
}

function logic(mnemonic: Mnemonic, op: number): Row {
  return row(mnemonic, (l) => {
    const b = readPair(l, 1, true);
    const d = l.xmm(0);
    l.emit(op, d, d, b.low);
    l.emit(op, d + 1, d + 1, b.high);
  });
}

/** MOVD and MOVQ: whichever side is the XMM register, the other one is a general register, memory or XMM. */
function moveLow(l: Lifter): void {
  const width = l.instruction.mnemonic === Mnemonic.Movd ? 32 : 64;
  const isXmm = (operand: number): boolean => l.isRegister(operand) && l.width(operand) === 128;
  if (isXmm(0)) {
    const value = isXmm(1) ? l.xmm(1) : l.zeroExtend(l.read(1), width);
    l.emit(OP.Mov, l.xmm(0), value);
    l.emit(OP.Mov, l.xmm(0) + 1, l.constant(0));
  } else if (isXmm(1)) l.write(0, l.xmm(1));
  else throw new UnsupportedForm('MMX');
}

/** What compilers use of SSE and SSE2 to copy and to clear memory. */
export const VECTOR_ROWS: readonly Row[] = [
  moveWhole(Mnemonic.Movaps, true),
  moveWhole(Mnemonic.Movapd, true),
  moveWhole(Mnemonic.Movdqa, true),
  moveWhole(Mnemonic.Movntdq, true),
  moveWhole(Mnemonic.Movntps, true),
  moveWhole(Mnemonic.Movups, false),
  moveWhole(Mnemonic.Movupd, false),
  moveWhole(Mnemonic.Movdqu, false),
  row(Mnemonic.Movd, moveLow),
  row(Mnemonic.Movq, moveLow),
  row(Mnemonic.Movnti, (l) => l.write(0, l.read(1))),
  logic(Mnemonic.Pxor, OP.Xor),
  logic(Mnemonic.Xorps, OP.Xor),
  logic(Mnemonic.Xorpd, OP.Xor),
  logic(Mnemonic.Pand, OP.And),
  logic(Mnemonic.Andps, OP.And),
  logic(Mnemonic.Andpd, OP.And),
  logic(Mnemonic.Por, OP.Or),
  logic(Mnemonic.Orps, OP.Or),
  logic(Mnemonic.Orpd, OP.Or),
  logic(Mnemonic.Pandn, OP.AndNot),
  logic(Mnemonic.Andnps, OP.AndNot),
  logic(Mnemonic.Andnpd, OP.AndNot),
];

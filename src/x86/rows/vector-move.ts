import { Mnemonic } from 'iced-x86';
import { type Lifter, UnsupportedForm } from '../lifter.js';
import { OP } from '../micro-ops.js';
import type { Row } from '../row.js';
import { readPair, vectorRow, writePair } from './vector-pair.js';

function moveWhole(mnemonic: Mnemonic, aligned: boolean): Row {
  return vectorRow(mnemonic, (l) => writePair(l, 0, readPair(l, 1, aligned), aligned));
}

const isXmm = (l: Lifter, operand: number): boolean => l.isRegister(operand) && l.width(operand) === 128;

/** MOVD and MOVQ: whichever side is the XMM register, the other one is a general register, memory or XMM. */
function moveLow(l: Lifter): void {
  const width = l.instruction.mnemonic === Mnemonic.Movd ? 32 : 64;
  if (isXmm(l, 0)) {
    const value = isXmm(l, 1) ? l.xmm(1) : l.zeroExtend(l.read(1), width);
    l.emit(OP.Mov, l.xmm(0), value);
    l.emit(OP.Mov, l.xmm(0) + 1, l.constant(0));
  } else if (isXmm(l, 1)) l.write(0, l.xmm(1));
  else throw new UnsupportedForm('MMX');
}

/** MOVSS and MOVSD: from memory they clear the rest of the register, from a register they leave it alone. */
function moveScalar(l: Lifter, width: number): void {
  if (l.isMemory(0)) return l.store(l.address(), l.xmm(1), width);
  const d = l.xmm(0);
  if (l.isMemory(1)) {
    const value = l.load(l.address(), width);
    return writePair(l, 0, { low: value, high: l.constant(0) });
  }
  if (width === 64) return l.emit(OP.Mov, d, l.xmm(1));
  const upper = l.compute(OP.And, d, l.constant(0, -1));
  l.emit(OP.Or, d, upper, l.compute(OP.Zx32, l.xmm(1)));
}

/** MOVSD of SSE2, the row of which is that of the string instruction. */
export function moveDouble(l: Lifter): void {
  moveScalar(l, 64);
  l.emit(OP.Next);
}

/** MOVLPS, MOVHPS and their twins: one quadword (0 or 1) of a register, from or to memory. */
function moveHalf(mnemonic: Mnemonic, quadword: number): Row {
  return vectorRow(mnemonic, (l) => {
    if (l.isMemory(0)) l.store(l.address(), l.xmm(1) + quadword, 64);
    else l.emit(OP.Mov, l.xmm(0) + quadword, l.load(l.address(), 64));
  });
}

/** Moves of SSE and SSE2 that compilers use to copy and to clear memory. */
export const VECTOR_MOVE_ROWS: readonly Row[] = [
  moveWhole(Mnemonic.Movaps, true),
  moveWhole(Mnemonic.Movapd, true),
  moveWhole(Mnemonic.Movdqa, true),
  moveWhole(Mnemonic.Movntdq, true),
  moveWhole(Mnemonic.Movntdqa, true),
  moveWhole(Mnemonic.Movntps, true),
  moveWhole(Mnemonic.Movntpd, true),
  moveWhole(Mnemonic.Movups, false),
  moveWhole(Mnemonic.Movupd, false),
  moveWhole(Mnemonic.Movdqu, false),
  moveWhole(Mnemonic.Lddqu, false),
  vectorRow(Mnemonic.Movd, moveLow),
  vectorRow(Mnemonic.Movq, moveLow),
  vectorRow(Mnemonic.Movss, (l) => moveScalar(l, 32)),
  moveHalf(Mnemonic.Movlps, 0),
  moveHalf(Mnemonic.Movlpd, 0),
  moveHalf(Mnemonic.Movhps, 1),
  moveHalf(Mnemonic.Movhpd, 1),
  vectorRow(Mnemonic.Movhlps, (l) => l.emit(OP.Mov, l.xmm(0), l.xmm(1) + 1)),
  vectorRow(Mnemonic.Movlhps, (l) => l.emit(OP.Mov, l.xmm(0) + 1, l.xmm(1))),
  vectorRow(Mnemonic.Movnti, (l) => l.write(0, l.read(1))),
];

import type { Mnemonic } from 'iced-x86';
import type { Lifter } from '../lifter.js';
import { ACCESS, OP } from '../micro-ops.js';
import type { Row } from '../row.js';

/** 128 bits: the slots of the low and of the high quadword. */
export interface Pair {
  readonly low: number;
  readonly high: number;
}

/** A row of an instruction that changes no flags. */
export function vectorRow(mnemonic: Mnemonic, lift: (l: Lifter) => void): Row {
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

/** An XMM register or 16 bytes of memory. */
export function readPair(l: Lifter, operand: number, aligned = true): Pair {
  if (!l.isMemory(operand)) return { low: l.xmm(operand), high: l.xmm(operand) + 1 };
  checkWhole(l, aligned, false);
  const low = l.load(l.address(), 64);
  return { low, high: l.load(l.addressPlus(l.constant(8)), 64) };
}

/** Writes an XMM register or 16 bytes of memory. The value of a register may not depend on the register's own low quadword. */
export function writePair(l: Lifter, operand: number, value: Pair, aligned = true): void {
  if (l.isMemory(operand)) {
    checkWhole(l, aligned, true);
    l.store(l.address(), value.low, 64);
    l.store(l.addressPlus(l.constant(8)), value.high, 64);
    return;
  }
  const d = l.xmm(operand);
  if (value.low !== d) l.emit(OP.Mov, d, value.low);
  if (value.high !== d + 1) l.emit(OP.Mov, d + 1, value.high);
}

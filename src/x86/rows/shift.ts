import { Mnemonic } from 'iced-x86';
import { ARITHMETIC_FLAGS, FLAG } from '../flags.js';
import type { Lifter } from '../lifter.js';
import { OP } from '../micro-ops.js';
import type { Row } from '../row.js';

const ALL = ARITHMETIC_FLAGS;

/** The count operand, masked to five bits, or six for 64-bit operands. */
function maskedCount(l: Lifter, operand: number, width: number): number {
  return l.compute(OP.And, l.read(operand), l.constant(width === 64 ? 63 : 31));
}

function overflowUnlessOne(count: number): number {
  return count === 1 ? 0 : FLAG.OF;
}

function shift(mnemonic: Mnemonic, op: number, flagsOp: number, signed: boolean): Row {
  return {
    mnemonic,
    writes: ALL,
    undefined: FLAG.AF,
    // CF is undefined for SHL and SHR once the count reaches the width (bytes and words only can).
    undefinedForCount: (count, width) => overflowUnlessOne(count) | (op !== OP.Sar && count >= width ? FLAG.CF : 0),
    lift: (l) => {
      const width = l.width(0);
      const value = l.readForWrite(0);
      const a = signed ? l.signExtend(value, width) : l.zeroExtend(value, width);
      const count = maskedCount(l, 1, width);
      const r = l.compute(op, a, count);
      l.writeWithFlags(r, () => l.flags(flagsOp, width, ALL, FLAG.AF, r, a, count));
      l.emit(OP.Next);
    },
  };
}

function rotate(mnemonic: Mnemonic, op: number, flagsOp: number, throughCarry: boolean): Row {
  const writes = FLAG.CF | FLAG.OF;
  return {
    mnemonic,
    writes,
    undefined: 0,
    undefinedForCount: overflowUnlessOne,
    lift: (l) => {
      const width = l.width(0);
      const a = l.zeroExtend(l.readForWrite(0), width);
      const count = maskedCount(l, 1, width);
      const r = l.temporary(2);
      l.emit(op, r, a, count, width);
      l.writeWithFlags(r, () => l.flags(flagsOp, width, writes, 0, r, throughCarry ? r + 1 : 0, count));
      l.emit(OP.Next);
    },
  };
}

/**
 * SHLD and SHRD. A 16-bit operand with a count above 16 has an undefined result and undefined flags: here it behaves as a
 * shift of destination and source without wrapping round.
 */
function doubleShift(mnemonic: Mnemonic, toLeft: boolean): Row {
  return {
    mnemonic,
    writes: ALL,
    undefined: FLAG.AF,
    undefinedForCount: (count, width) => (count > width ? ALL : overflowUnlessOne(count)),
    lift: (l) => {
      const width = l.width(0);
      const a = l.zeroExtend(l.readForWrite(0), width);
      const b = l.zeroExtend(l.read(1), width);
      const count = maskedCount(l, 2, width);
      const rest = l.compute(OP.Sub, l.constant(width), count);
      // A count of 0 would shift the source by the whole width, which for 64 bits is taken modulo 64: select it away.
      const ours = l.compute(toLeft ? OP.Shl : OP.Shr, a, count);
      const theirs = l.compute(toLeft ? OP.Shr : OP.Shl, b, rest);
      const merged = l.compute(OP.Or, ours, theirs);
      const r = l.compute(OP.SelectZero, a, merged, count);
      const carryIndex = toLeft ? rest : l.compute(OP.Sub, count, l.constant(1));
      const carry = l.compute(OP.Shr, a, carryIndex);
      const flagsOp = toLeft ? OP.FlagsDoubleLeft : OP.FlagsDoubleRight;
      l.writeWithFlags(r, () => l.flags(flagsOp, width, ALL, FLAG.AF, r, carry, count));
      l.emit(OP.Next);
    },
  };
}

/** Shifts and rotations. */
export const SHIFT_ROWS: readonly Row[] = [
  shift(Mnemonic.Shl, OP.Shl, OP.FlagsShl, false),
  shift(Mnemonic.Sal, OP.Shl, OP.FlagsShl, false),
  shift(Mnemonic.Shr, OP.Shr, OP.FlagsShr, false),
  shift(Mnemonic.Sar, OP.Sar, OP.FlagsSar, true),
  rotate(Mnemonic.Rol, OP.RotateLeft, OP.FlagsRotateLeft, false),
  rotate(Mnemonic.Ror, OP.RotateRight, OP.FlagsRotateRight, false),
  rotate(Mnemonic.Rcl, OP.RotateLeftCarry, OP.FlagsRotateLeftCarry, true),
  rotate(Mnemonic.Rcr, OP.RotateRightCarry, OP.FlagsRotateRightCarry, true),
  doubleShift(Mnemonic.Shld, true),
  doubleShift(Mnemonic.Shrd, false),
];

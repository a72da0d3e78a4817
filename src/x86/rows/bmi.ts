import { Mnemonic } from 'iced-x86';
import { ARITHMETIC_FLAGS, FLAG } from '../flags.js';
import { GPR, type Lifter } from '../lifter.js';
import { OP } from '../micro-ops.js';
import type { Row } from '../row.js';

const ALL = ARITHMETIC_FLAGS;

/** An instruction without flags. */
function plain(mnemonic: Mnemonic, lift: (l: Lifter, width: number) => void): Row {
  return {
    mnemonic,
    writes: 0,
    undefined: 0,
    lift: (l) => {
      lift(l, l.width(0));
      l.emit(OP.Next);
    },
  };
}

/** A result in operand 0 with SF and ZF from it, OF 0, and CF as bit 0 of slot `carry` (0 if there is none). */
function logic(
  mnemonic: Mnemonic,
  undefinedFlags: number,
  compute: (l: Lifter, width: number) => { result: number; carry?: number },
): Row {
  return {
    mnemonic,
    writes: ALL,
    undefined: undefinedFlags,
    lift: (l) => {
      const width = l.width(0);
      const { result, carry } = compute(l, width);
      l.flags(OP.FlagsLogic, width, ALL, undefinedFlags, result);
      if (carry !== undefined) l.flags(OP.FlagsCarryZero, width, FLAG.CF, 0, 0, carry, carry);
      l.write(0, result);
      l.emit(OP.Next);
    },
  };
}

/** Shifts by a register without flags; the count is masked to the operand's width. */
function shift(mnemonic: Mnemonic, op: number): Row {
  return plain(mnemonic, (l, width) => {
    const value = l.read(1);
    const clean = op === OP.Sar ? l.signExtend(value, width) : l.zeroExtend(value, width);
    const count = l.compute(OP.And, l.read(2), l.constant(width - 1));
    l.write(0, l.compute(op, clean, count));
  });
}

/** 1 if the 8-bit number in a slot reaches the width, a power of two, else 0. */
function reaches(l: Lifter, number: number, width: number): number {
  const units = l.compute(OP.Shr, number, l.constant(Math.log2(width)));
  return l.compute(OP.SelectZero, l.constant(0), l.constant(1), units);
}

/** As many set bits, from bit 0 on, as the 8-bit number in a slot says; all 64 from 64 on. */
function lowBits(l: Lifter, number: number): number {
  const one = l.constant(1);
  const some = l.compute(OP.Sub, l.compute(OP.Shl, one, number), one);
  return l.compute(OP.SelectZero, some, l.constant(-1), l.compute(OP.Shr, number, l.constant(6)));
}

/** The bit that a source of zero gives: CF of BLSR and BLSMSK, inverted that of BLSI. */
function isZero(l: Lifter, value: number): number {
  return l.compute(OP.SelectZero, l.constant(1), l.constant(0), value);
}

const AF_PF = FLAG.AF | FLAG.PF;

/** BMI1, BMI2 and ADX. */
export const BMI_ROWS: readonly Row[] = [
  logic(Mnemonic.Andn, AF_PF, (l) => ({ result: l.compute(OP.AndNot, l.read(1), l.read(2)) })),
  logic(Mnemonic.Bextr, FLAG.AF | FLAG.SF | FLAG.PF, (l, width) => {
    const value = l.zeroExtend(l.read(1), width);
    const control = l.read(2);
    const start = l.compute(OP.Zx8, control);
    const length = l.compute(OP.Zx8High, control);
    const beyond = l.compute(OP.Shr, start, l.constant(6));
    const shifted = l.compute(OP.SelectZero, l.compute(OP.Shr, value, start), l.constant(0), beyond);
    return { result: l.compute(OP.And, shifted, lowBits(l, length)) };
  }),
  logic(Mnemonic.Blsi, AF_PF, (l, width) => {
    const value = l.zeroExtend(l.read(1), width);
    const result = l.compute(OP.And, value, l.compute(OP.Neg, value));
    return { result, carry: l.compute(OP.Xor, isZero(l, value), l.constant(1)) };
  }),
  logic(Mnemonic.Blsmsk, AF_PF, (l, width) => {
    const value = l.zeroExtend(l.read(1), width);
    const result = l.compute(OP.Xor, value, l.compute(OP.Sub, value, l.constant(1)));
    return { result, carry: isZero(l, value) };
  }),
  logic(Mnemonic.Blsr, AF_PF, (l, width) => {
    const value = l.zeroExtend(l.read(1), width);
    const result = l.compute(OP.And, value, l.compute(OP.Sub, value, l.constant(1)));
    return { result, carry: isZero(l, value) };
  }),
  logic(Mnemonic.Bzhi, AF_PF, (l, width) => {
    const value = l.zeroExtend(l.read(1), width);
    const index = l.compute(OP.Zx8, l.read(2));
    return { result: l.compute(OP.And, value, lowBits(l, index)), carry: reaches(l, index, width) };
  }),
  plain(Mnemonic.Mulx, (l, width) => {
    const a = l.zeroExtend(GPR.RDX, width);
    const b = l.zeroExtend(l.read(2), width);
    const low = l.compute(OP.Mul, a, b);
    const high = width === 64 ? l.compute(OP.MulHighUnsigned, a, b) : l.compute(OP.Shr, low, l.constant(32));
    // One register named twice keeps the high half.
    l.write(1, low);
    l.write(0, high);
  }),
  plain(Mnemonic.Pdep, (l, width) => {
    const mask = l.zeroExtend(l.read(2), width);
    l.write(0, l.compute(OP.DepositBits, l.read(1), mask));
  }),
  plain(Mnemonic.Pext, (l, width) => {
    const mask = l.zeroExtend(l.read(2), width);
    l.write(0, l.compute(OP.ExtractBits, l.read(1), mask));
  }),
  plain(Mnemonic.Rorx, (l, width) => {
    const value = l.zeroExtend(l.read(1), width);
    const count = l.constant(l.instruction.immediate8 & (width - 1));
    l.write(0, l.compute(OP.RotateRight, value, count, width));
  }),
  shift(Mnemonic.Sarx, OP.Sar),
  shift(Mnemonic.Shlx, OP.Shl),
  shift(Mnemonic.Shrx, OP.Shr),
  {
    mnemonic: Mnemonic.Adcx,
    writes: FLAG.CF,
    undefined: 0,
    lift: (l) => {
      const a = l.compute(OP.Mov, l.read(0));
      const b = l.compute(OP.Mov, l.read(1));
      const r = l.compute(OP.AddCarry, a, b);
      l.flags(OP.FlagsAdd, l.width(0), FLAG.CF, 0, r, a, b);
      l.write(0, r);
      l.emit(OP.Next);
    },
  },
  {
    // An addition whose carry, in and out, is OF.
    mnemonic: Mnemonic.Adox,
    writes: FLAG.OF,
    undefined: 0,
    lift: (l) => {
      const width = l.width(0);
      const a = l.zeroExtend(l.read(0), width);
      const b = l.zeroExtend(l.read(1), width);
      const carryIn = l.compute(OP.SetCondition, 0, 0, 0);
      const r = l.compute(OP.Add, l.compute(OP.Add, a, b), carryIn);
      const both = l.compute(OP.And, a, b);
      const one = l.compute(OP.AndNot, r, l.compute(OP.Or, a, b));
      // Of 32-bit operands the sum itself has the carry.
      const carry =
        width === 32
          ? l.compute(OP.Shr, r, l.constant(32))
          : l.compute(OP.Shr, l.compute(OP.Or, both, one), l.constant(63));
      l.flags(OP.FlagsNotEqual, width, FLAG.OF, 0, 0, carry, l.constant(0));
      l.write(0, r);
      l.emit(OP.Next);
    },
  },
];

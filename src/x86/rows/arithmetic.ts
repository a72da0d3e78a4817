import { Mnemonic } from 'iced-x86';
import { ARITHMETIC_FLAGS, FLAG } from '../flags.js';
import { GPR, type Lifter } from '../lifter.js';
import { OP } from '../micro-ops.js';
import type { Row } from '../row.js';

const ALL = ARITHMETIC_FLAGS;

/** destination = op(destination, source), flags by `flagsOp`; without a result for CMP and TEST. */
function binary(
  mnemonic: Mnemonic,
  op: number,
  flagsOp: number,
  options: { undefined?: number; keepsResult?: boolean } = {},
): Row {
  const undefinedFlags = options.undefined ?? 0;
  const keepsResult = options.keepsResult ?? true;
  return {
    mnemonic,
    writes: ALL,
    undefined: undefinedFlags,
    lift: (l) => {
      const width = l.width(0);
      if (op === OP.Xor && clearsRegister(l, width)) return;
      const a = keepsResult ? l.readForWrite(0) : l.read(0);
      const b = l.read(1);
      const r = l.compute(op, a, b);
      const flags = (): void => l.flags(flagsOp, width, ALL, undefinedFlags, r, a, b);
      if (keepsResult) l.writeWithFlags(r, flags);
      else flags();
      l.emit(OP.Next);
    },
  };
}

/** XOR of a register with itself: the same outcome from a constant. */
function clearsRegister(l: Lifter, width: number): boolean {
  if (width < 32 || !l.isRegister(0) || !l.isRegister(1) || l.general(0).slot !== l.general(1).slot) return false;
  const zero = l.constant(0);
  l.flags(OP.FlagsLogic, width, ALL, FLAG.AF, zero);
  l.emit(OP.Mov, l.general(0).slot, zero);
  l.emit(OP.Next);
  return true;
}

/** INC and DEC: as an addition of one that leaves CF alone. */
function step(mnemonic: Mnemonic, op: number, flagsOp: number): Row {
  const writes = ALL & ~FLAG.CF;
  return {
    mnemonic,
    writes,
    undefined: 0,
    lift: (l) => {
      const a = l.readForWrite(0);
      const one = l.constant(1);
      const r = l.compute(op, a, one);
      l.writeWithFlags(r, () => l.flags(flagsOp, l.width(0), writes, 0, r, a, one));
      l.emit(OP.Next);
    },
  };
}

const PRODUCT_UNDEFINED = FLAG.SF | FLAG.ZF | FLAG.AF | FLAG.PF;

/** The double-width product of RAX and operand 0 into RDX:RAX (AX for bytes). */
function multiplyAccumulator(l: Lifter, signed: boolean): void {
  const width = l.width(0);
  const extend = (slot: number): number => (signed ? l.signExtend(slot, width) : l.zeroExtend(slot, width));
  const b = extend(l.read(0));
  const a = extend(GPR.RAX);
  const low = l.compute(OP.Mul, a, b);
  if (width === 64) {
    const high = l.compute(signed ? OP.MulHighSigned : OP.MulHighUnsigned, a, b);
    const fits = signed ? l.compute(OP.Sar, low, l.constant(63)) : l.constant(0);
    l.flags(OP.FlagsNotEqual, width, ALL, PRODUCT_UNDEFINED, 0, high, fits);
    l.emit(OP.Mov, GPR.RAX, low);
    l.emit(OP.Mov, GPR.RDX, high);
  } else {
    l.flags(OP.FlagsNotEqual, width, ALL, PRODUCT_UNDEFINED, 0, low, extend(low));
    if (width === 8) l.writeRegister(GPR.RAX, 16, low);
    else {
      l.writeRegister(GPR.RAX, width, low);
      l.writeRegister(GPR.RDX, width, l.compute(OP.Shr, low, l.constant(width)));
    }
  }
  l.emit(OP.Next);
}

/** destination = truncated signed product of two operands. */
function multiplyTruncated(l: Lifter, first: number, second: number): void {
  const width = l.width(0);
  const a = l.signExtend(l.read(first), width);
  const b = l.signExtend(l.read(second), width);
  const low = l.compute(OP.Mul, a, b);
  if (width === 64) {
    const high = l.compute(OP.MulHighSigned, a, b);
    l.flags(OP.FlagsNotEqual, width, ALL, PRODUCT_UNDEFINED, 0, high, l.compute(OP.Sar, low, l.constant(63)));
  } else l.flags(OP.FlagsNotEqual, width, ALL, PRODUCT_UNDEFINED, 0, low, l.signExtend(low, width));
  l.write(0, low);
  l.emit(OP.Next);
}

/** RDX:RAX (AX for bytes) divided by operand 0; #DE before anything is written. */
function divide(mnemonic: Mnemonic, op: number): Row {
  return {
    mnemonic,
    writes: ALL,
    undefined: ALL,
    lift: (l) => {
      const width = l.width(0);
      const divisor = l.zeroExtend(l.read(0), width);
      const low = l.zeroExtend(GPR.RAX, width);
      const high = width === 8 ? l.compute(OP.Zx8High, GPR.RAX) : l.zeroExtend(GPR.RDX, width);
      const quotient = l.temporary(2);
      l.emit(op, quotient, high, low, divisor | (width << 16));
      l.emit(OP.FlagsClear, 0, 0, 0, ALL);
      if (width === 8) {
        const both = l.compute(OP.Shl, quotient + 1, l.constant(8));
        l.writeRegister(GPR.RAX, 16, l.compute(OP.Or, both, quotient));
      } else {
        l.writeRegister(GPR.RAX, width, quotient);
        l.writeRegister(GPR.RDX, width, quotient + 1);
      }
      l.emit(OP.Next);
    },
  };
}

/** Addition, subtraction, logic, multiplication and division on general registers. */
export const ARITHMETIC_ROWS: readonly Row[] = [
  binary(Mnemonic.Add, OP.Add, OP.FlagsAdd),
  binary(Mnemonic.Adc, OP.AddCarry, OP.FlagsAdd),
  binary(Mnemonic.Sub, OP.Sub, OP.FlagsSub),
  binary(Mnemonic.Sbb, OP.SubBorrow, OP.FlagsSub),
  binary(Mnemonic.Cmp, OP.Sub, OP.FlagsSub, { keepsResult: false }),
  binary(Mnemonic.And, OP.And, OP.FlagsLogic, { undefined: FLAG.AF }),
  binary(Mnemonic.Or, OP.Or, OP.FlagsLogic, { undefined: FLAG.AF }),
  binary(Mnemonic.Xor, OP.Xor, OP.FlagsLogic, { undefined: FLAG.AF }),
  binary(Mnemonic.Test, OP.And, OP.FlagsLogic, { undefined: FLAG.AF, keepsResult: false }),
  step(Mnemonic.Inc, OP.Add, OP.FlagsAdd),
  step(Mnemonic.Dec, OP.Sub, OP.FlagsSub),
  {
    mnemonic: Mnemonic.Neg,
    writes: ALL,
    undefined: 0,
    lift: (l) => {
      const a = l.readForWrite(0);
      const r = l.compute(OP.Neg, a);
      l.writeWithFlags(r, () => l.flags(OP.FlagsSub, l.width(0), ALL, 0, r, l.constant(0), a));
      l.emit(OP.Next);
    },
  },
  {
    mnemonic: Mnemonic.Not,
    writes: 0,
    undefined: 0,
    lift: (l) => {
      l.write(0, l.compute(OP.Not, l.readForWrite(0)));
      l.emit(OP.Next);
    },
  },
  {
    mnemonic: Mnemonic.Mul,
    writes: ALL,
    undefined: PRODUCT_UNDEFINED,
    lift: (l) => multiplyAccumulator(l, false),
  },
  {
    mnemonic: Mnemonic.Imul,
    writes: ALL,
    undefined: PRODUCT_UNDEFINED,
    lift: (l) => {
      if (l.instruction.opCount === 1) multiplyAccumulator(l, true);
      else if (l.instruction.opCount === 2) multiplyTruncated(l, 0, 1);
      else multiplyTruncated(l, 1, 2);
    },
  },
  divide(Mnemonic.Div, OP.DivUnsigned),
  divide(Mnemonic.Idiv, OP.DivSigned),
];

import { Mnemonic } from 'iced-x86';
import { ARITHMETIC_FLAGS, FLAG } from '../flags.js';
import type { Lifter } from '../lifter.js';
import { OP } from '../micro-ops.js';
import type { Row } from '../row.js';

const BIT_TEST_UNDEFINED = FLAG.OF | FLAG.SF | FLAG.AF | FLAG.PF;
const BIT_TEST_WRITES = BIT_TEST_UNDEFINED | FLAG.CF;

/** BT and its writing relatives; `change` computes the new value from the old one and a mask with the one bit set. */
function bitTest(mnemonic: Mnemonic, change?: (l: Lifter, value: number, bit: number) => number): Row {
  return {
    mnemonic,
    writes: BIT_TEST_WRITES,
    undefined: BIT_TEST_UNDEFINED,
    lift: (l) => {
      const width = l.width(0);
      const offset = l.read(1);
      const index = l.compute(OP.And, offset, l.constant(width - 1));
      const access = change === undefined ? 'read' : 'readForWrite';
      let address = -1;
      let value: number;
      if (l.isMemory(0) && l.isRegister(1)) {
        // A register offset is signed and reaches beyond the operand, in steps of the operand size.
        const signed = l.signExtend(offset, width);
        const units = l.compute(OP.Sar, signed, l.constant(Math.log2(width)));
        address = l.addressBeyond(l.compute(OP.Shl, units, l.constant(Math.log2(width / 8))));
        value = access === 'read' ? l.load(address, width) : l.loadForWrite(address, width);
      } else value = l[access](0);
      const carry = l.compute(OP.Shr, l.zeroExtend(value, width), index);
      const flags = (): void => l.flags(OP.FlagsCarryZero, width, BIT_TEST_WRITES, BIT_TEST_UNDEFINED, 0, carry, carry);
      if (change === undefined) flags();
      else {
        const result = change(l, value, l.compute(OP.Shl, l.constant(1), index));
        if (address >= 0) {
          l.store(address, result, width);
          flags();
        } else l.writeWithFlags(result, flags);
      }
      l.emit(OP.Next);
    },
  };
}

const SCAN_UNDEFINED = FLAG.CF | FLAG.OF | FLAG.SF | FLAG.AF | FLAG.PF;

/** BSF and BSR: of zero they leave the destination as it was (the architecture calls it undefined). */
function scan(mnemonic: Mnemonic, op: number): Row {
  return {
    mnemonic,
    writes: ARITHMETIC_FLAGS,
    undefined: SCAN_UNDEFINED,
    lift: (l) => {
      const width = l.width(0);
      const source = l.zeroExtend(l.read(1), width);
      const found = l.compute(op, source);
      const r = l.compute(OP.SelectZero, l.read(0), found, source);
      l.flags(OP.FlagsCarryZero, width, ARITHMETIC_FLAGS, SCAN_UNDEFINED, 0, l.constant(0), source);
      l.write(0, r);
      l.emit(OP.Next);
    },
  };
}

const COUNT_UNDEFINED = FLAG.OF | FLAG.SF | FLAG.AF | FLAG.PF;

/** LZCNT and TZCNT: CF if the source is zero, ZF if the result is. */
function countZeros(mnemonic: Mnemonic, leading: boolean): Row {
  return {
    mnemonic,
    writes: ARITHMETIC_FLAGS,
    undefined: COUNT_UNDEFINED,
    lift: (l) => {
      const width = l.width(0);
      const source = l.zeroExtend(l.read(1), width);
      const found = leading
        ? l.compute(OP.Sub, l.constant(width - 1), l.compute(OP.BitScanReverse, source))
        : l.compute(OP.BitScanForward, source);
      const r = l.compute(OP.SelectZero, l.constant(width), found, source);
      const isZero = l.compute(OP.SelectZero, l.constant(1), l.constant(0), source);
      l.flags(OP.FlagsCarryZero, width, ARITHMETIC_FLAGS, COUNT_UNDEFINED, 0, isZero, r);
      l.write(0, r);
      l.emit(OP.Next);
    },
  };
}

/** Bit tests, bit scans and counts. */
export const BIT_ROWS: readonly Row[] = [
  bitTest(Mnemonic.Bt),
  bitTest(Mnemonic.Bts, (l, value, bit) => l.compute(OP.Or, value, bit)),
  bitTest(Mnemonic.Btr, (l, value, bit) => l.compute(OP.AndNot, bit, value)),
  bitTest(Mnemonic.Btc, (l, value, bit) => l.compute(OP.Xor, value, bit)),
  scan(Mnemonic.Bsf, OP.BitScanForward),
  scan(Mnemonic.Bsr, OP.BitScanReverse),
  countZeros(Mnemonic.Lzcnt, true),
  countZeros(Mnemonic.Tzcnt, false),
  {
    mnemonic: Mnemonic.Popcnt,
    writes: ARITHMETIC_FLAGS,
    undefined: 0,
    lift: (l) => {
      const width = l.width(0);
      const source = l.zeroExtend(l.read(1), width);
      // CF, OF, SF, AF and PF are defined as 0 here; ZF tells whether the source is zero.
      l.flags(OP.FlagsCarryZero, width, ARITHMETIC_FLAGS, 0, 0, l.constant(0), source);
      l.write(0, l.compute(OP.PopCount, source));
      l.emit(OP.Next);
    },
  },
];

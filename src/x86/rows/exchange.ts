import { Mnemonic } from 'iced-x86';
import { ARITHMETIC_FLAGS, FLAG } from '../flags.js';
import { GPR, type Lifter } from '../lifter.js';
import { ACCESS, OP } from '../micro-ops.js';
import type { Row } from '../row.js';

const ALL = ARITHMETIC_FLAGS;

/** XADD: the register gets the former destination, the destination the sum. */
function exchangeAdd(l: Lifter): void {
  const a = l.compute(OP.Mov, l.readForWrite(0));
  const b = l.compute(OP.Mov, l.read(1));
  const r = l.compute(OP.Add, a, b);
  // Of XADD with one register twice, the sum remains.
  if (!l.isMemory(0)) l.write(1, a);
  l.write(0, r);
  l.flags(OP.FlagsAdd, l.width(0), ALL, 0, r, a, b);
  if (l.isMemory(0)) l.write(1, a);
  l.emit(OP.Next);
}

/**
 * CMPXCHG: memory is written in any case, with its former value if that differs from the accumulator (SDM, CMPXCHG); a register
 * is then left alone, its upper half included.
 */
function compareExchange(l: Lifter): void {
  const width = l.width(0);
  const former = l.zeroExtend(l.compute(OP.Mov, l.readForWrite(0)), width);
  const accumulator = l.compute(OP.Mov, GPR.RAX);
  const difference = l.compute(OP.Sub, accumulator, former);
  const differs = l.zeroExtend(difference, width);
  const source = l.compute(OP.Mov, l.read(1));
  if (l.isMemory(0)) l.write(0, l.compute(OP.SelectZero, source, former, differs));
  l.flags(OP.FlagsSub, width, ALL, 0, difference, accumulator, former);
  // RAX stays whole where the comparison succeeds; a 32-bit value that is taken over clears its upper half.
  if (width >= 32) l.emit(OP.SelectZero, GPR.RAX, accumulator, former, differs);
  else l.writeRegister(GPR.RAX, width, l.compute(OP.SelectZero, accumulator, former, differs));
  if (l.isMemory(0)) return l.emit(OP.Next);
  if (width >= 32) {
    const { slot } = l.general(0);
    l.emit(OP.SelectZero, slot, l.zeroExtend(source, width), slot, differs);
  } else l.write(0, l.compute(OP.SelectZero, source, former, differs));
  l.emit(OP.Next);
}

/** CMPXCHG8B and CMPXCHG16B: RDX:RAX against the memory operand, RCX:RBX into it. Only ZF changes. */
function compareExchangePair(mnemonic: Mnemonic, width: number): Row {
  return {
    mnemonic,
    writes: FLAG.ZF,
    undefined: 0,
    lift: (l) => {
      const size = width / 4;
      if (width === 64) l.emit(OP.CheckAligned, 0, l.address(), 0, size);
      l.checkAccess(size, ACCESS.ForWrite);
      const upper = l.addressPlus(l.constant(size / 2));
      const low = l.loadForWrite(l.address(), width);
      const high = l.loadForWrite(upper, width);
      const lowDiffers = l.zeroExtend(l.compute(OP.Sub, GPR.RAX, low), width);
      const highDiffers = l.zeroExtend(l.compute(OP.Sub, GPR.RDX, high), width);
      const differs = l.compute(OP.Or, lowDiffers, highDiffers);
      l.store(l.address(), l.compute(OP.SelectZero, GPR.RBX, low, differs), width);
      l.store(upper, l.compute(OP.SelectZero, GPR.RCX, high, differs), width);
      l.flags(OP.FlagsCarryZero, 64, FLAG.ZF, 0, 0, differs, differs);
      l.emit(OP.SelectZero, GPR.RAX, GPR.RAX, low, differs);
      l.emit(OP.SelectZero, GPR.RDX, GPR.RDX, high, differs);
      l.emit(OP.Next);
    },
  };
}

/** Read-modify-write instructions that locks and counters are made of; LOCK changes nothing where one processor runs. */
export const EXCHANGE_ROWS: readonly Row[] = [
  { mnemonic: Mnemonic.Xadd, writes: ALL, undefined: 0, lift: exchangeAdd },
  { mnemonic: Mnemonic.Cmpxchg, writes: ALL, undefined: 0, lift: compareExchange },
  compareExchangePair(Mnemonic.Cmpxchg8b, 32),
  compareExchangePair(Mnemonic.Cmpxchg16b, 64),
];

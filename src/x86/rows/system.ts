import { Mnemonic } from 'iced-x86';
import { FLAG } from '../flags.js';
import { SLOT } from '../layout.js';
import type { Lifter } from '../lifter.js';
import { OP } from '../micro-ops.js';
import type { Row } from '../row.js';

function effect(mnemonic: Mnemonic, writes: number, lift: (l: Lifter) => void): Row {
  return {
    mnemonic,
    writes,
    undefined: 0,
    lift: (l) => {
      lift(l);
      l.emit(OP.Next);
    },
  };
}

function nothing(mnemonic: Mnemonic): Row {
  return effect(mnemonic, 0, () => undefined);
}

const setFlag = (flag: number) => (l: Lifter) => l.emit(OP.FlagsSet, 0, 0, 0, flag);
const clearFlag = (flag: number) => (l: Lifter) => l.emit(OP.FlagsClear, 0, 0, 0, flag);

/**
 * Instructions without an effect on the state that the machine has: hints about caches, which never fault, and RDSSP, which is a
 * no-operation while shadow stacks are off, as they are here.
 */
const HINTS = [
  Mnemonic.Reservednop,
  Mnemonic.Endbr32,
  Mnemonic.Prefetch,
  Mnemonic.Prefetchw,
  Mnemonic.Prefetchwt1,
  Mnemonic.Prefetchnta,
  Mnemonic.Prefetcht0,
  Mnemonic.Prefetcht1,
  Mnemonic.Prefetcht2,
  Mnemonic.Prefetchit0,
  Mnemonic.Prefetchit1,
  Mnemonic.Cldemote,
  Mnemonic.Rdsspd,
  Mnemonic.Rdsspq,
];

/** Barriers, of which the machine needs none; that they were executed is an event. */
const FENCES = [Mnemonic.Lfence, Mnemonic.Mfence, Mnemonic.Sfence, Mnemonic.Serialize];

/** RDFSBASE and RDGSBASE. */
function baseOf(mnemonic: Mnemonic, slot: number): Row {
  return effect(mnemonic, 0, (l) => l.write(0, slot));
}

/** WRFSBASE and WRGSBASE: #GP for an address that is not canonical. */
function setBase(mnemonic: Mnemonic, slot: number): Row {
  return effect(mnemonic, 0, (l) => {
    const value = l.compute(OP.Mov, l.zeroExtend(l.read(0), l.width(0)));
    l.emit(OP.CheckTarget, 0, value);
    l.emit(OP.Mov, slot, value);
  });
}

/**
 * VERW, by which kernels have the CPU clear its buffers. ZF says whether the selector is one of a segment that can be written
 * (Intel SDM, VERR/VERW): the machine has no descriptor tables, so that it leaves ZF undefined.
 */
const VERW: Row = {
  mnemonic: Mnemonic.Verw,
  writes: FLAG.ZF,
  undefined: FLAG.ZF,
  lift: (l) => {
    l.read(0);
    l.emit(OP.FlagsClear, 0, 0, 0, FLAG.ZF);
    l.emit(OP.Next);
  },
};

/** Flag instructions, no-operations, fences, control registers of SSE and x87, and the bases of FS and GS. */
export const SYSTEM_ROWS: readonly Row[] = [
  effect(Mnemonic.Clc, FLAG.CF, clearFlag(FLAG.CF)),
  effect(Mnemonic.Stc, FLAG.CF, setFlag(FLAG.CF)),
  effect(Mnemonic.Cmc, FLAG.CF, (l) => l.emit(OP.FlagsFlip, 0, 0, 0, FLAG.CF)),
  effect(Mnemonic.Cld, FLAG.DF, clearFlag(FLAG.DF)),
  effect(Mnemonic.Std, FLAG.DF, setFlag(FLAG.DF)),
  effect(Mnemonic.Sti, FLAG.IF, (l) => l.emit(OP.Sti)),
  effect(Mnemonic.Cli, FLAG.IF, (l) => l.emit(OP.Cli)),
  effect(Mnemonic.Clac, FLAG.AC, clearFlag(FLAG.AC)),
  effect(Mnemonic.Stac, FLAG.AC, setFlag(FLAG.AC)),
  effect(Mnemonic.Lahf, 0, (l) => {
    l.emit(OP.Ins8High, 0, l.compute(OP.ReadFlags, 0));
  }),
  effect(Mnemonic.Sahf, FLAG.CF | FLAG.PF | FLAG.AF | FLAG.ZF | FLAG.SF, (l) => {
    l.emit(OP.WriteFlags, 0, l.compute(OP.Zx8High, 0), 0, FLAG.CF | FLAG.PF | FLAG.AF | FLAG.ZF | FLAG.SF);
  }),
  nothing(Mnemonic.Nop),
  nothing(Mnemonic.Endbr64),
  nothing(Mnemonic.Pause),
  VERW,
  ...HINTS.map(nothing),
  ...FENCES.map((mnemonic) => effect(mnemonic, 0, (l) => l.emit(OP.Fence))),
  effect(Mnemonic.Ldmxcsr, 0, (l) => {
    const value = l.read(0);
    l.emit(OP.CheckMxcsr, 0, value);
    l.emit(OP.Mov, SLOT.MXCSR, value);
  }),
  effect(Mnemonic.Stmxcsr, 0, (l) => l.write(0, SLOT.MXCSR)),
  effect(Mnemonic.Fldcw, 0, (l) => {
    // Bit 6 always reads as one and bits 7 and 13 to 15 as zero.
    const value = l.compute(OP.And, l.read(0), l.constant(0x1f3f));
    l.emit(OP.Or, SLOT.X87_CW, value, l.constant(0x40));
  }),
  effect(Mnemonic.Fnstcw, 0, (l) => l.write(0, SLOT.X87_CW)),
  baseOf(Mnemonic.Rdfsbase, SLOT.FS_BASE),
  baseOf(Mnemonic.Rdgsbase, SLOT.GS_BASE),
  setBase(Mnemonic.Wrfsbase, SLOT.FS_BASE),
  setBase(Mnemonic.Wrgsbase, SLOT.GS_BASE),
  ...[Mnemonic.Clflush, Mnemonic.Clflushopt, Mnemonic.Clwb].map((mnemonic) =>
    // They fault as a load of one byte does; caches are not modelled.
    effect(mnemonic, 0, (l) => l.checkAccess(1, 0)),
  ),
];

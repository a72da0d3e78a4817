import { Mnemonic } from 'iced-x86';
import { ENVIRONMENT } from '../environment.js';
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

function environment(mnemonic: Mnemonic, number: number): Row {
  return {
    mnemonic,
    writes: 0,
    undefined: 0,
    lift: (l) => l.emit(OP.Environment, 0, 0, 0, number),
  };
}

const setFlag = (flag: number) => (l: Lifter) => l.emit(OP.FlagsSet, 0, 0, 0, flag);
const clearFlag = (flag: number) => (l: Lifter) => l.emit(OP.FlagsClear, 0, 0, 0, flag);

/** Flag instructions, no-operations, fences, control registers of SSE and x87, and environment calls. */
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
  nothing(Mnemonic.Lfence),
  nothing(Mnemonic.Mfence),
  nothing(Mnemonic.Sfence),
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
  environment(Mnemonic.Tdcall, ENVIRONMENT.Tdcall),
  environment(Mnemonic.Seamcall, ENVIRONMENT.Seamcall),
  environment(Mnemonic.Hlt, ENVIRONMENT.Hlt),
  environment(Mnemonic.Cpuid, ENVIRONMENT.Cpuid),
  environment(Mnemonic.Rdmsr, ENVIRONMENT.Rdmsr),
  environment(Mnemonic.Wrmsr, ENVIRONMENT.Wrmsr),
  environment(Mnemonic.Rdtsc, ENVIRONMENT.Rdtsc),
  environment(Mnemonic.Rdtscp, ENVIRONMENT.Rdtscp),
  environment(Mnemonic.In, ENVIRONMENT.In),
  environment(Mnemonic.Out, ENVIRONMENT.Out),
  environment(Mnemonic.Swapgs, ENVIRONMENT.Swapgs),
  environment(Mnemonic.Verw, ENVIRONMENT.Verw),
  environment(Mnemonic.Wbinvd, ENVIRONMENT.Wbinvd),
  environment(Mnemonic.Vmcall, ENVIRONMENT.Vmcall),
  environment(Mnemonic.Syscall, ENVIRONMENT.Syscall),
  environment(Mnemonic.Sysretq, ENVIRONMENT.Sysret),
  environment(Mnemonic.Int, ENVIRONMENT.Int),
  environment(Mnemonic.Invd, ENVIRONMENT.Invd),
  environment(Mnemonic.Rdpmc, ENVIRONMENT.Rdpmc),
  environment(Mnemonic.Xgetbv, ENVIRONMENT.Xgetbv),
  environment(Mnemonic.Rdrand, ENVIRONMENT.Rdrand),
  environment(Mnemonic.Rdseed, ENVIRONMENT.Rdseed),
];

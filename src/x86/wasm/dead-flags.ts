/** Finds flag computations whose every result is overwritten before anything can see it. */
import { FLAG } from '../flags.js';
import { OP } from '../micro-ops.js';
import type { BlockInstruction } from './blocks.js';
import { splitFlagWord } from './emit-flags.js';
import { flagsDependOnCount, isFlagsOp, mayLeave, type MicroOp } from './micro-op.js';

const ALL = -1;

/** Flags that a micro-operation reads; ALL where it may show them to the outside. */
function reads(micro: MicroOp): number {
  switch (micro.op) {
    case OP.AddCarry:
    case OP.SubBorrow:
      return FLAG.CF;
    case OP.StringStep:
      return FLAG.DF;
    case OP.FlagsFlip:
      return micro.x;
    case OP.Sti:
      return FLAG.IF;
    case OP.JumpCondition:
    case OP.SetCondition:
    case OP.SelectCondition:
    case OP.ReadFlags:
      return ALL;
    default:
      // Where an instruction can be left, the interpreter sees all flags.
      return mayLeave(micro.op) ? ALL : 0;
  }
}

/** Flags that a micro-operation overwrites in any case, whatever they were. */
function overwrites(micro: MicroOp): number {
  if (isFlagsOp(micro.op) && !flagsDependOnCount(micro.op)) {
    const { written, undefined: undefinedFlags } = splitFlagWord(micro.x);
    return written | undefinedFlags;
  }
  return micro.op === OP.FlagsClear || micro.op === OP.FlagsSet || micro.op === OP.WriteFlags ? micro.x : 0;
}

/** The Flags operations of a block that can be left out. Everything is needed at its end. */
export function deadFlags(instructions: readonly BlockInstruction[]): ReadonlySet<MicroOp> {
  const dead = new Set<MicroOp>();
  let needed: number = ALL;
  for (const { ops, translated } of instructions.toReversed()) {
    if (!translated) {
      needed = ALL;
      continue;
    }
    for (const micro of ops.toReversed()) {
      if (isFlagsOp(micro.op)) {
        const { written, undefined: undefinedFlags } = splitFlagWord(micro.x);
        if (((written | undefinedFlags) & needed) === 0) {
          dead.add(micro);
          continue;
        }
      }
      needed = (needed & ~overwrites(micro)) | reads(micro);
      if (micro.op === OP.RepeatCheck || micro.op === OP.Repeat) needed = ALL;
    }
  }
  return dead;
}

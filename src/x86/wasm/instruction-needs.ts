/** What instructions need of the translated function around them: registers, room for events and undo entries. */
import { OP } from '../micro-ops.js';
import { REGISTER_INDEX } from '../registers.js';
import type { BlockInstruction } from './blocks.js';
import { makesEvent, writesSlot } from './micro-op.js';

/** Events that one execution of the instruction makes at most. */
export function eventsOf({ ops }: BlockInstruction): number {
  return ops.filter(makesEvent).length;
}

/** Entries of the undo list that one execution makes at most: a store that is not aligned makes two. */
export function undoOf({ ops }: BlockInstruction): number {
  return 2 * ops.filter(({ op }) => op === OP.Store).length;
}

/** The general registers that some instruction names, and those that one writes. */
export function registersOf(instructions: readonly BlockInstruction[]): { used: Set<number>; written: Set<number> } {
  // Every event records RSP, and REP counts RCX down.
  const used = new Set<number>([REGISTER_INDEX.rsp]);
  const written = new Set<number>();
  const isRegister = (slot: number): boolean => slot >= 0 && slot < 16;
  for (const { ops } of instructions) {
    for (const { op, d, a, b, x } of ops) {
      const named = op === OP.Const ? [d] : [d, a, b];
      if (op === OP.SelectZero) named.push(x);
      if (op === OP.DivUnsigned || op === OP.DivSigned) named.push(d + 1, x & 0xffff);
      if (op === OP.Repeat) {
        named.push(REGISTER_INDEX.rcx);
        written.add(REGISTER_INDEX.rcx);
      }
      for (const slot of named) if (isRegister(slot)) used.add(slot);
      if (writesSlot(op) && isRegister(d)) written.add(d);
      if ((op === OP.DivUnsigned || op === OP.DivSigned) && isRegister(d + 1)) written.add(d + 1);
    }
  }
  return { used, written };
}

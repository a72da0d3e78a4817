import type { Instruction } from 'iced-x86';
import { type ConstantPool, Lifter, UnsupportedForm } from './lifter.js';
import { OP } from './micro-ops.js';
import { rowOf } from './table.js';

/**
 * The micro-operations of a decoded instruction (micro-ops.ts).
 *
 * @returns the words, or undefined if the machine does not know the instruction or this form of it
 */
export function liftInstruction(instruction: Instruction, pool: ConstantPool): number[] | undefined {
  const row = rowOf(instruction.mnemonic);
  if (row === undefined || instruction.isInvalid) return undefined;
  const lifter = new Lifter(instruction, pool);
  try {
    row.lift(lifter);
  } catch (error) {
    if (error instanceof UnsupportedForm) return undefined;
    throw error;
  }
  return lifter.words;
}

/** A pool without constant slots, for lifting outside a machine: every constant becomes a Const micro-operation. */
export const NO_CONSTANT_SLOTS: ConstantPool = { slotOf: () => -1 };

/** The micro-operations of an instruction that the machine does not know. */
export const UNKNOWN_WORDS: readonly number[] = [OP.Unknown, 0, 0, 0, 0];

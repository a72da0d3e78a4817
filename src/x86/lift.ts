import type { Instruction } from 'iced-x86';
import { VECTOR } from './exit.js';
import { type ConstantPool, Lifter, UnsupportedForm } from './lifter.js';
import { OP } from './micro-ops.js';
import { rowOf } from './table.js';

/**
 * The micro-operations of a decoded instruction (micro-ops.ts).
 *
 * @returns the words, or undefined if the machine does not know the instruction or this form of it; bytes that the CPU refuses
 *   are known: they fault
 */
export function liftInstruction(instruction: Instruction, pool: ConstantPool): number[] | undefined {
  if (instruction.isInvalid) return refusal(instruction.length);
  const row = rowOf(instruction.mnemonic);
  if (row === undefined) return undefined;
  const lifter = new Lifter(instruction, pool);
  try {
    row.lift(lifter);
  } catch (error) {
    if (error instanceof UnsupportedForm) return undefined;
    throw error;
  }
  return lifter.words;
}

/**
 * What the CPU does with bytes that are no instruction: #UD, and #GP for one that does not end within 15 bytes (SDM volume 3,
 * interrupt 13), for which every one is taken that iced looked at to the fifteenth byte. Nothing can be said of bytes that end too early, which have a length of 0 (decodeInstruction).
 */
function refusal(length: number): number[] | undefined {
  if (length === 0) return undefined;
  return [OP.Fault, 0, 0, 0, length >= MAX_INSTRUCTION_BYTES ? VECTOR.GP : VECTOR.UD];
}

/** Bytes of the longest instruction. */
const MAX_INSTRUCTION_BYTES = 15;

/** A pool without constant slots, for lifting outside a machine: every constant becomes a Const micro-operation. */
export const NO_CONSTANT_SLOTS: ConstantPool = { slotOf: () => -1 };

/** The micro-operations of an instruction that the machine does not know. */
export const UNKNOWN_WORDS: readonly number[] = [OP.Unknown, 0, 0, 0, 0];

/** What whoever traces a run is told of its steps. */
import type { Answer } from '../world/world.js';
import type { Machine } from '../x86/machine.js';

/** What one step of a traced run was, beside an instruction. */
export interface StepEvents {
  /** Nothing was executed: an interrupt or NMI was delivered. */
  interrupt?: boolean;
  /** The wrapped instruction, and how it was answered. */
  call?: Answer;
  /** The instruction raised an exception, and a fixup took it. */
  fixup?: { vector: number; wrote: number };
}

/** An instruction, and nothing besides. */
export const NOTHING: StepEvents = {};

/** Told of every step while a run is traced. */
export interface StageObserver {
  /** Before the instruction at RIP is executed. */
  before(machine: Machine): void;
  /**
   * After it, and after a fixup or a handler acted. Where no code lies nothing was executed. Of TDCALL and SEAMCALL whoever
   * answers says it: a stub's world when it has answered, a program's before.
   */
  after(machine: Machine, events: StepEvents): void;
  /** The world answered the instruction that was executed last, and wrote to these registers, one bit each. */
  answered?(registers: number): void;
  /** The world wrote to memory. */
  wrote?(machine: Machine, address: bigint, bytes: 1 | 2 | 4 | 8): void;
}

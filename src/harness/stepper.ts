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

/** Told of every step when a run is traced. */
export interface Stepper {
  /** Before the instruction at RIP is executed. */
  before(machine: Machine): void;
  /** After it, and after the world acted. */
  after(machine: Machine, events: StepEvents): void;
}

/** What answers the wrapped instruction: TDCALL (tdcall.ts) or SEAMCALL (seamcall.ts). */
import { FACT, MOMENT } from '../observation/layout.js';
import type { Scenario } from '../scenario/layout.js';
import type { EnvironmentNumber } from '../x86/environment.js';
import type { Machine } from '../x86/machine.js';

/** The last answer. */
export interface Answer {
  /** Registers that it wrote, one bit each; RAX is among them whenever the instruction was answered at all. */
  readonly wrote: number;
  /** One of OUTCOME. */
  readonly outcome: number;
  /** Whose values the registers hold. */
  readonly by: 'host' | 'module' | 'TD' | 'P-SEAMLDR';
}

/** The same answer is given for every call of a run: a host that says RETRY says it for ever. */
export interface World extends Answer {
  /** The environment call that it answers. */
  readonly environment: EnvironmentNumber;
  /** Before each run: what will be answered. */
  begin(scenario: Scenario): void;
  /**
   * Answers the instruction at which the machine stands: registers and flags, not RIP.
   *
   * @returns the vector of the exception that the instruction raises instead, or COMPLETES
   */
  answer(scenario: Scenario, machine: Machine, observation: Int32Array): number;
}

/** The instruction raises no exception. */
export const COMPLETES = -1;

/** General registers, RIP and RFLAGS, as halves. */
const REGISTER_HALVES = 36;

/** Counts the call at which the machine stands; the registers of the first one are observed. */
export function recordCall({ state }: Machine, observation: Int32Array): void {
  if (observation[2 * FACT.calls]++ === 0) observation.set(state.subarray(0, REGISTER_HALVES), 2 * MOMENT.call);
}

/** Observes the registers with which the code goes on behind the first call, or in the fixup of its exception. */
export function recordAnswer({ state }: Machine, observation: Int32Array): void {
  if (observation[2 * FACT.calls] === 1) observation.set(state.subarray(0, REGISTER_HALVES), 2 * MOMENT.answer);
}

/** What the scenario lets the other side answer in the general registers. */
export function takeAnswers(scenario: Scenario, slots: Int8Array, answers: Int32Array): void {
  for (let register = 0; register < 16; register++) {
    const slot = slots[register];
    if (slot < 0) continue;
    answers[2 * register] = scenario[2 * slot];
    answers[2 * register + 1] = scenario[2 * slot + 1];
  }
}

/** What is observed of a function that executes the instruction again: its first answer, its last one, and what later tries ask. */
import type { CompiledContract } from '../contract/compiled.js';
import { FACT, FIRST_ANSWER, MOMENT } from '../observation/layout.js';
import type { Machine } from '../x86/machine.js';
import { REGISTER_INDEX, type RegisterName } from '../x86/registers.js';

/** General registers, RIP and RFLAGS, as halves. */
const REGISTER_HALVES = 36;

/** An input register, and the register whose answer a later try may have in it: -1 for none. */
interface Input {
  readonly register: number;
  readonly stored: number;
}

export class Tries {
  private readonly inputs: readonly Input[];

  constructor({ contract }: CompiledContract) {
    const { inputs, outputs, retry } = contract;
    this.inputs = (Object.keys(inputs) as RegisterName[]).map((name) => {
      const source = inputs[name];
      const output =
        retry?.inputs === 'stored' && source !== undefined && 'field' in source
          ? outputs.fields[source.field]
          : undefined;
      return { register: REGISTER_INDEX[name], stored: output === undefined ? -1 : REGISTER_INDEX[output] };
    });
  }

  /** Before the call at which the machine stands is counted. */
  atCall({ state }: Machine, observation: Int32Array): void {
    if (observation[2 * FACT.calls] === 0) return;
    for (const { register, stored } of this.inputs)
      if (
        !isEqual(state, register, observation, MOMENT.call + register) &&
        (stored < 0 || !isEqual(state, register, observation, MOMENT.answer + stored))
      )
        observation[2 * FACT.changedInputs] |= 1 << register;
  }

  /** Behind a call, or in the fixup of its exception. */
  atAnswer({ state }: Machine, observation: Int32Array): void {
    const registers = state.subarray(0, REGISTER_HALVES);
    if (observation[2 * FACT.calls] === 1) observation.set(registers, 2 * FIRST_ANSWER);
    observation.set(registers, 2 * MOMENT.answer);
  }
}

function isEqual(state: Int32Array, register: number, observation: Int32Array, slot: number): boolean {
  return state[2 * register] === observation[2 * slot] && state[2 * register + 1] === observation[2 * slot + 1];
}

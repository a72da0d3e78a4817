import { atCall, constant, equal, fact, predictedRegister, when } from '../src/clause/clause.js';
import {
  asksHost,
  HYPERCALL_PROGRAMS,
  HYPERCALLS,
  passesOperands,
  SEAMCALL_PROGRAMS,
} from '../src/clause/exchange-groups.js';
import type { PropertyDefinition } from '../src/clause/property.js';
import type { Contract } from '../src/contract/contract.js';
import { REGISTER_NAMES, type RegisterName } from '../src/x86/registers.js';

/**
 * Criteria: (1) every register that the contract determines holds its argument, all 64 bits, when the wrapped instruction is
 * executed; (2) of a function that tries again, at later tries too, the frame included.
 */
export const marshalsArguments: PropertyDefinition = {
  name: 'marshals-arguments',
  group: 'stubs',
  rule: 'Every input register of the call holds the argument that the contract puts there, all 64 bits of it.',
  source:
    'docs/abi/linux-stubs.md#structures; docs/abi/linux-stubs.md#register-flow-of-v519; docs/abi/linux-stubs.md#register-flow-of-v63; docs/abi/linux-stubs.md#register-flow-of-v67; docs/abi/other-projects.md#td-shim-asm_td_call',
  stub: {
    underBreach: false,
    appliesTo: ({ contract }) =>
      inputs(contract).length > 0 || contract.retry !== undefined || 'the contract has no arguments but the frame',
    clauses: ({ contract }) => [
      ...inputs(contract).map((register) =>
        when({ kind: 'called' }, equal(atCall(register), predictedRegister('call', register))),
      ),
      ...(contract.retry === undefined
        ? []
        : (Object.keys(contract.inputs) as RegisterName[]).map((register) =>
            when(
              { kind: 'called' },
              equal(fact('changedInputs'), constant(0n), 1n << BigInt(REGISTER_NAMES.indexOf(register))),
            ),
          )),
    ],
  },
  program: {
    // Of the helpers that pass their arguments on as they are, and of the wrappers around SEAMCALL.
    programs: [...HYPERCALL_PROGRAMS, ...SEAMCALL_PROGRAMS],
    clauses: () => [...HYPERCALLS.flatMap(asksHost), ...passesOperands()],
  },
  example: 'Two fields of the argument block are swapped, or a 64-bit field is loaded with a 32-bit move.',
  fix: 'Compare the offsets with the layout of the block, and use 64-bit moves.',
};

/** The frame (RAX, and a mask of the function's own) is the business of vmcall-frame and seamcall-frame. */
function inputs({ instruction, inputs: sources }: Contract): RegisterName[] {
  return (Object.keys(sources) as RegisterName[]).filter((register) => {
    const source = sources[register];
    const isMask = instruction === 'tdcall' && register === 'rcx' && source !== undefined && 'constant' in source;
    return register !== 'rax' && source !== undefined && !isMask;
  });
}

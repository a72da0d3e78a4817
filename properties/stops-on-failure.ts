import { endedAs, stopCondition, when } from '../src/clause/clause.js';
import { happens } from '../src/clause/exchange-clause.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/**
 * Criteria: (1) when RAX is not 0 behind TDG.VP.VMCALL, whatever its bits, the function does not return; (2) nor after any
 * other answer on which the contract has it stop; (3) nor at all where the contract says so. UD2, a call that never returns
 * and HLT with interrupts off are stops, and a loop in which nothing happens where the contract says so.
 */
export const stopsOnFailure: PropertyDefinition = {
  name: 'stops-on-failure',
  group: 'guest stubs',
  rule: 'When TDG.VP.VMCALL itself fails (any RAX but 0), the function never returns to its caller.',
  source:
    'docs/abi/linux-stubs.md#generations; docs/abi/linux-stubs.md#fair-scenarios; docs/abi/mailing-lists.md#hlt-support-2022',
  stub: {
    underBreach: false,
    appliesTo: ({ contract: { onFailure, stopsOn } }) =>
      onFailure === 'stops' || stopsOn !== undefined || 'the contract returns the status to the caller',
    clauses: ({ contract }) => [
      when(
        [stopCondition(contract), { kind: 'ended', as: ['returned', 'trapped', 'stopped'] }],
        endedAs('trapped', 'stopped'),
      ),
    ],
  },
  program: {
    programs: 'all',
    clauses: () => [happens('stop')],
  },
  example: 'Only the low half of RAX, or only its sign, is tested.',
  fix: 'Test all 64 bits of RAX and end the failure path with UD2 or a function that never returns.',
};

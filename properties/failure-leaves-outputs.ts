import { equal, field, predicted, when } from '../src/clause/clause.js';
import { leavesOutputs, SEAMCALL_PROGRAMS } from '../src/clause/exchange-groups.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/**
 * Criteria: when SEAMCALL did not reach the module (CF = 1, #GP, #UD), every field of the block is as it was: there are no
 * outputs, and what the registers hold is the stub's own. A status that is not 0 is another matter: writes-outputs.
 */
export const failureLeavesOutputs: PropertyDefinition = {
  name: 'failure-leaves-outputs',
  group: 'host stubs',
  rule: 'When SEAMCALL does not reach the module, the argument block is left as it was.',
  source:
    'docs/abi/linux-stubs.md#host-stubs; docs/abi/linux-fixes.md#03a423d40cb3; docs/abi/seamcall.md#vmfailinvalid; docs/abi/seamcall.md#exceptions-of-the-instruction',
  stub: {
    underBreach: false,
    appliesTo: ({ contract, blockParameter }) => {
      if (contract.notEntered === undefined) return 'wraps TDCALL, which always reaches the module';
      return blockParameter !== undefined || 'the contract has no argument block';
    },
    clauses: ({ fields }) =>
      fields.map(({ name }) =>
        when(
          { kind: 'outcome', is: ['vmFailInvalid', 'generalProtection', 'invalidOpcode'] },
          equal(field('final', name), predicted({ kind: 'field', moment: 'final', field: name })),
        ),
      ),
  },
  program: {
    programs: SEAMCALL_PROGRAMS,
    clauses: () => leavesOutputs('no-outputs'),
  },
  example: 'The way out of CF = 1 runs into the stores, so that the caller’s registers are taken for outputs.',
  fix: 'Let every failure of the instruction skip the stores, and take what they would have popped off the stack.',
};

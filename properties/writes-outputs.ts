import { equal, field, predicted, whenAnswered } from '../src/clause/clause.js';
import { leavesOutputs, SEAMCALL_PROGRAMS } from '../src/clause/exchange-groups.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/**
 * Criteria: (1) when the contract says that outputs are stored, each field holds the register's value after the
 * instruction; (2) when it says they are not, the block is as it was; (3) fields that are no outputs never change.
 * Not judged here: a SEAMCALL that did not reach the module (failure-leaves-outputs).
 */
export const writesOutputs: PropertyDefinition = {
  name: 'writes-outputs',
  group: 'stubs',
  rule: 'The argument block receives exactly the outputs of the contract, exactly when the contract says so.',
  source:
    'docs/abi/linux-stubs.md#structures; docs/abi/linux-stubs.md#register-flow-of-v67; docs/abi/other-projects.md#what-is-policy; docs/abi/hardening.md#outputs-per-outcome',
  stub: {
    underBreach: false,
    appliesTo: ({ blockParameter }) => blockParameter !== undefined || 'the contract has no argument block',
    clauses: (compiled) =>
      compiled.fields.map(({ name }) =>
        whenAnswered(compiled, equal(field('final', name), predicted({ kind: 'field', moment: 'final', field: name }))),
      ),
  },
  program: {
    programs: SEAMCALL_PROGRAMS,
    clauses: () => leavesOutputs('outputs'),
  },
  example: 'Outputs are stored without the flag that asks for them, or R11 and R12 are stored in each other’s place.',
  fix: 'Test the flag before the stores, and compare their offsets with the layout of the block.',
};

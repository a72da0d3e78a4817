import { DISPATCHER_PROGRAMS, registersAgree } from '../src/clause/dispatcher-words.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/** Criteria: a register that the sub-function does not name as a result goes back to the guest as it came. */
export const writesOnlyResults: PropertyDefinition = {
  name: 'writes-only-results',
  group: 'dispatcher',
  rule: 'Registers that are no result of the call go back to the guest as the guest sent them.',
  source: 'docs/abi/kvm-dispatcher.md#registers',
  program: {
    programs: DISPATCHER_PROGRAMS,
    clauses: () => registersAgree('keeps'),
  },
  example: 'RDMSR sets R11 although the MSR was refused.',
  fix: 'Write to the saved registers only what the table gives as a result, and only when there is one.',
};

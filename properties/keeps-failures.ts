import { guestGets } from '../src/clause/device-exchanges.js';
import { happens } from '../src/clause/exchange-clause.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/**
 * Criteria: (1) behind a TDCALL that failed, whatever bits of its status are set, the guest goes no further; (2) an R10
 * that is not 0, also one that a hostile VMM put there, ends in an error, and nothing that the device drove is in a
 * register then; (3) MapGPA is false where userspace refused.
 */
export const keepsFailures: PropertyDefinition = {
  name: 'keeps-failures',
  group: 'round trip',
  rule: 'A hostile module status or R10, and a refusal of userspace, never turn into success.',
  source:
    'docs/abi/hardening.md#stack-and-callee-saved-registers; docs/abi/hardening.md#check-before-use; docs/abi/linux-stubs.md#fair-scenarios; docs/abi/linux-helpers.md#frame-of-a-helper',
  program: {
    programs: ['round-trip'],
    clauses: () => [happens('return', 'failure'), happens('stop', 'failure'), ...guestGets('failure')],
  },
  example: 'Only the low half of a status is tested, so that INVALID_OPERAND counts as success.',
  fix: 'Test all 64 bits of RAX and of R10 against 0 before anything else is used.',
};

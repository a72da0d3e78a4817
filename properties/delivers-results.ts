import { guestGets } from '../src/clause/device-exchanges.js';
import { happens } from '../src/clause/exchange-clause.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/**
 * Criteria: (1) what the device drove is in the destination, at the width of the instruction: 1 and 2 bytes merge, 4
 * bytes zero-extend, MOVZX and MOVSX extend; (2) a KVM hypercall’s result is what the helper returns, in all 64 bits;
 * (3) no other saved register changes; (4) MapGPA is true exactly when userspace agreed to every page.
 */
export const deliversResults: PropertyDefinition = {
  name: 'delivers-results',
  group: 'round trip',
  rule: 'What the device drives is what the guest gets, extended to the right width, and nothing else changes.',
  source:
    'docs/abi/linux-helpers.md#port-io; docs/abi/linux-helpers.md#mmio; docs/abi/kvm-dispatcher.md#registers; docs/abi/linux-fixes.md#0f63e656b1c6; docs/abi/linux-fixes.md#941370fc93cc; docs/abi/tdvmcall.md#sub-functions',
  program: {
    programs: ['round-trip'],
    clauses: () => [happens('return', 'result'), ...guestGets('result')],
  },
  example: 'An IN of 4 bytes leaves the upper half of RAX as it was.',
  fix: 'Write the destination as the instruction would: merge 1 and 2 bytes, zero-extend 4.',
};

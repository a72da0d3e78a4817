import { devicesSee } from '../src/clause/device-exchanges.js';
import { agrees, happens } from '../src/clause/exchange-clause.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/**
 * Criteria: (1) the device sees exactly one access for each that the guest asks for, where and as wide as it asked, with
 * exactly the bytes that were written; (2) MapGPA reaches userspace in whole chunks, each page once until it is agreed
 * to; (3) KVM_RUN returns to userspace exactly where userspace has to serve.
 * Not checked: how long it takes.
 */
export const deliversRequests: PropertyDefinition = {
  name: 'delivers-requests',
  group: 'round trip',
  rule: 'What the guest asks for is what the device does: address, width, and exactly the bytes that were written.',
  source:
    'docs/abi/linux-helpers.md#frame-of-a-helper; docs/abi/kvm-dispatcher.md#registers; docs/abi/linux-fixes.md#0f63e656b1c6; docs/abi/tdvmcall.md#sub-functions',
  program: {
    programs: ['round-trip'],
    clauses: () => [...devicesSee(), happens('KVM_RUN returns'), agrees('KVM_RUN returns', 'rax')],
  },
  example: 'A mask is one bit too wide, so that a bit of RAX beside the byte that was written reaches the device.',
  fix: 'Truncate what goes out to the width of the instruction, and compare sizes in all 64 bits.',
};

import { allAgree, allHappen, CALLS, DISPATCHER_PROGRAMS } from '../src/clause/dispatcher-words.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/**
 * Criteria: where bits that a narrower type would lose decide, they do decide: size and direction of port I/O and MMIO,
 * the port above 16 bits, the GPA above its width, vector, leaf, sub-function, hypercall number. CPUID and MSR numbers
 * have 32 bits, and the contract says whether others are ignored or refused. The status of a refusal: answers-status.
 */
export const validatesAll64Bits: PropertyDefinition = {
  name: 'validates-all-64-bits',
  group: 'dispatcher',
  rule: 'All 64 bits of an operand count: something in the upper half makes it another value, not the same one.',
  source:
    'docs/abi/kvm-dispatcher.md#port-io; docs/abi/tdvmcall.md#host-visibility-of-operands; docs/abi/hardening.md#host-dispatcher',
  program: {
    programs: DISPATCHER_PROGRAMS,
    clauses: () => [...allHappen('upper-bits'), ...allAgree(CALLS, 'upper-bits')],
  },
  example: 'The size of a port access is copied to an int before it is compared with 1, 2 and 4.',
  fix: 'Compare the register as a 64-bit value, and narrow it only after that.',
};

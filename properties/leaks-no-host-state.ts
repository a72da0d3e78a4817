import { agrees } from '../src/clause/exchange-clause.js';
import { DISPATCHER_PROGRAMS, TO_GUEST } from '../src/clause/dispatcher-words.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/**
 * Criteria: a result that is narrower than its register (port I/O, MMIO, CPUID) is extended with zeros, whatever the
 * stack, a device or the data area of userspace hold beside it. Registers that are no result: writes-only-results.
 */
export const leaksNoHostState: PropertyDefinition = {
  name: 'leaks-no-host-state',
  group: 'dispatcher',
  rule: 'A narrow result is extended with zeros: nothing of the host stands in the rest of its register.',
  source: 'docs/abi/kvm-dispatcher.md#port-io; docs/abi/kvm-dispatcher.md#mmio; docs/abi/hardening.md#host-dispatcher',
  program: {
    programs: DISPATCHER_PROGRAMS,
    clauses: () => ['r11', 'r12', 'r13', 'r14', 'r15'].map((register) => agrees(TO_GUEST, register, 'narrow')),
  },
  example:
    'The variable for the value of a one-byte IN is not initialised, so that seven bytes of the stack go to the guest.',
  fix: 'Start from zero and read as many bytes as the access has.',
};

import { allAgree, allHappen, CALLS, DISPATCHER_PROGRAMS } from '../src/clause/dispatcher-words.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/**
 * Criteria: R10 = 0 selects the sub-function of R11, any other R10 is a KVM hypercall; the handler asks the right part of
 * the host once, for the right vCPU, with the operands of the guest; a number that nobody serves reaches nobody.
 */
export const routesSubfunction: PropertyDefinition = {
  name: 'routes-subfunction',
  group: 'dispatcher',
  rule: 'A TDVMCALL reaches the handler that R10 and R11 name, which asks the host with the operands of the guest.',
  source:
    'docs/abi/kvm-dispatcher.md#exit-reason-map; docs/abi/linux-fixes.md#cf207eac06f6; docs/abi/tdvmcall.md#sub-functions',
  program: {
    programs: DISPATCHER_PROGRAMS,
    clauses: () => [...allHappen('route'), ...allHappen('once'), ...allAgree(CALLS)],
  },
  example: 'RDMSR and WRMSR are exchanged, or the sub-leaf of CPUID comes from the wrong register.',
  fix: 'Compare the routing with the table, and the registers with the row of the sub-function.',
};

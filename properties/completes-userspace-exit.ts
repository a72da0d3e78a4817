import { agrees } from '../src/clause/exchange-clause.js';
import { allHappen, DISPATCHER_PROGRAMS, FAILS, registersAgree } from '../src/clause/dispatcher-words.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/**
 * Criteria: on the next KVM_RUN of the same vCPU, and of no other, the answer of userspace becomes the guest's: data in
 * the width of the access, the status, the results; an error for a chunk of MapGPA becomes the status that the contract
 * gives; an answer that KVM_RUN refuses leaves the call open and never turns into success.
 */
export const completesUserspaceExit: PropertyDefinition = {
  name: 'completes-userspace-exit',
  group: 'dispatcher',
  rule: 'What userspace answered reaches the guest that asked, once, and an error of userspace is never a success.',
  source:
    'docs/abi/kvm-dispatcher.md#exits-to-userspace; docs/abi/linux-fixes.md#3e2dec1ede0a; docs/abi/tdvmcall.md#host-visibility-of-operands',
  program: {
    programs: DISPATCHER_PROGRAMS,
    clauses: () => [
      ...allHappen('completion'),
      ...registersAgree('completes', ['r10', 'r11', 'r12', 'r13', 'r14', 'r15']),
      agrees(FAILS, 'rax', 'completion'),
    ],
  },
  example: 'EAGAIN for a chunk of MapGPA becomes INVALID_OPERAND, so that the guest gives up in place of trying again.',
  fix: 'Keep for each vCPU what is to be completed, and translate every answer of userspace.',
};

import { allHappen, DISPATCHER_PROGRAMS, registersAgree } from '../src/clause/dispatcher-words.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/**
 * Criteria: an operand that the sub-function does not take is refused before anything is done; R10 holds the status and
 * R11 to R15 the results that the table gives. Calls that userspace serves: completes-userspace-exit; MapGPA:
 * chunks-map-gpa.
 */
export const answersStatus: PropertyDefinition = {
  name: 'answers-status',
  group: 'dispatcher',
  rule: 'The guest gets the status and the results of its call, and a call with a wrong operand does nothing.',
  source:
    'docs/abi/kvm-dispatcher.md#unknown-sub-functions; docs/abi/kvm-dispatcher.md#mapgpa; docs/abi/linux-fixes.md#b5aafcb4efd2; docs/abi/linux-fixes.md#1f3e69af5f93; docs/abi/tdvmcall.md#statuses-in-r10',
  program: {
    programs: DISPATCHER_PROGRAMS,
    clauses: () => [
      ...allHappen('validation'),
      ...registersAgree('answers', ['r10', 'r11', 'r12', 'r13', 'r14', 'r15']),
    ],
  },
  example:
    'An unknown sub-function is answered INVALID_OPERAND, so that the guest cannot tell it from a wrong operand.',
  fix: 'Return the status of the table on every path, and test the operands before anything is done.',
};

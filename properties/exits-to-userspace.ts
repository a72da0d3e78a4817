import { agrees, happens } from '../src/clause/exchange-clause.js';
import { DISPATCHER_PROGRAMS, EXITS, RETURN } from '../src/clause/dispatcher-words.js';
import type { ProgramPropertyDefinition } from '../src/clause/program-property.js';

/**
 * Criteria: what only userspace can serve leaves with the exit reason and the layout of its kind, and every field says
 * what the guest asked for: no byte of the guest's data beyond the access, no shared bit in an address, results preset.
 * The chunks of MapGPA: chunks-map-gpa.
 */
export const exitsToUserspace: ProgramPropertyDefinition = {
  name: 'exits-to-userspace',
  group: 'dispatcher',
  rule: 'Userspace finds the exit reason and the fields of its layout that describe the call, and nothing else of the guest.',
  source: 'facts/linux.md 3; Linux include/uapi/linux/kvm.h (models/abi/kvm.ts)',
  programs: DISPATCHER_PROGRAMS,
  clauses: () => [
    agrees(RETURN, 'rax', 'exit'),
    ...Object.entries(EXITS).flatMap(([moment, names]) => {
      // The fields of a chunk are those of a hypercall.
      const about = moment === 'KVM_EXIT_HYPERCALL' ? 'hypercall' : undefined;
      return [happens(moment, about ?? 'exit'), ...names.map((name) => agrees(moment, name, about))];
    }),
  ],
  example: 'All eight bytes of R15 are copied to the data of a one-byte OUT.',
  fix: 'Fill in every field of the layout, and copy as many bytes as the access has.',
};

import { allAgree, allHappen, DISPATCHER_PROGRAMS, EXITS } from '../src/clause/dispatcher-words.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/**
 * Criteria: what only userspace can serve leaves with the exit reason and the layout of its kind, and every field says
 * what the guest asked for: no byte of the guest's data beyond the access, no shared bit in an address, results preset.
 * The chunks of MapGPA: chunks-map-gpa.
 */
export const exitsToUserspace: PropertyDefinition = {
  name: 'exits-to-userspace',
  group: 'dispatcher',
  rule: 'Userspace finds the exit reason and the fields of its layout that describe the call, and nothing else of the guest.',
  source: 'docs/abi/kvm-dispatcher.md#exits-to-userspace (Linux include/uapi/linux/kvm.h)',
  program: {
    programs: DISPATCHER_PROGRAMS,
    clauses: () => {
      const { KVM_EXIT_HYPERCALL: hypercall, ...others } = EXITS;
      // The fields of a chunk are those of a hypercall.
      const fields = [...allAgree(others), ...allAgree({ KVM_EXIT_HYPERCALL: hypercall }, 'hypercall')];
      return [...allHappen('exit'), ...fields];
    },
  },
  example: 'All eight bytes of R15 are copied to the data of a one-byte OUT.',
  fix: 'Fill in every field of the layout, and copy as many bytes as the access has.',
};

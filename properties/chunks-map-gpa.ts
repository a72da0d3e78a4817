import { agrees } from '../src/clause/exchange-clause.js';
import { allHappen, DISPATCHER_PROGRAMS, EXITS, registersAgree } from '../src/clause/dispatcher-words.js';
import type { PropertyDefinition } from '../src/clause/property.js';

const EXIT = 'KVM_EXIT_HYPERCALL';

/**
 * Criteria: the range goes to userspace in chunks of the contract's size from its first GPA on, the last one shorter;
 * between two chunks a waiting event ends the call with RETRY; R11 is the first GPA that was not converted, on every
 * error the GPA of the call; success leaves R11 as it was.
 */
export const chunksMapGpa: PropertyDefinition = {
  name: 'chunks-map-gpa',
  group: 'dispatcher',
  rule: 'MapGPA converts its range chunk by chunk, stops between two for an event, and tells the guest where it stopped.',
  source: 'docs/abi/kvm-dispatcher.md#mapgpa; docs/abi/linux-fixes.md#3e2dec1ede0a; docs/abi/tdvmcall.md#mapgpa',
  program: {
    programs: DISPATCHER_PROGRAMS,
    clauses: () => [
      ...allHappen('map-gpa'),
      ...EXITS[EXIT].map((name) => agrees(EXIT, name, 'map-gpa')),
      ...registersAgree('maps', ['r10', 'r11']),
    ],
  },
  example: 'The next chunk begins where the last one began, or R11 is not set when the range is refused.',
  fix: 'Advance by the chunk after userspace agreed, and set R11 on every way out but success.',
};

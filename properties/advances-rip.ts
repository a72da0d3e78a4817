import { agrees, happens } from '../src/clause/exchange-clause.js';
import { leavesSavedRegisters, returnsResult } from '../src/clause/exchange-groups.js';
import type { PropertyDefinition } from '../src/clause/property.js';

const ABOUT = 've';

/**
 * Criteria: (1) RIP advances by the length that TDX reports, for an EPT violation by the decoded length; (2) exactly when
 * the instruction was emulated, and by the dispatch alone; (3) what nobody emulates changes nothing, is no business of the host, and is reported; (4)
 * an EPT violation on a private page stops the guest.
 */
export const advancesRip: PropertyDefinition = {
  name: 'advances-rip',
  group: 'guest helpers',
  rule: 'Behind #VE the guest goes on after the instruction if it was emulated, and at it if it was not.',
  source:
    'docs/abi/linux-helpers.md#virtualization-exceptions; docs/abi/linux-fixes.md#60428d8bc27f; docs/abi/linux-fixes.md#cdd85786f4b3',
  program: {
    programs: [
      'helper-virt-exception',
      'helper-early-exception',
      'helper-handle-io',
      'helper-handle-in',
      'helper-handle-out',
      'helper-handle-mmio',
      'helper-read-msr',
      'helper-write-msr',
      'helper-handle-cpuid',
    ],
    clauses: () => [
      agrees('return', 'regs.ip'),
      ...returnsResult(ABOUT),
      ...leavesSavedRegisters(ABOUT),
      happens('stop', ABOUT),
      happens('TDVMCALL', ABOUT),
    ],
  },
  example: 'RIP advances by the reported length after MMIO, where that length is undefined.',
  fix: 'Let each handler return the length that counts, and add it only if it is no error.',
};

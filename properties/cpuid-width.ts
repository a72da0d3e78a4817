import { asksHost, leavesSavedRegisters, returnsResult } from '../src/clause/exchange-groups.js';
import type { PropertyDefinition } from '../src/clause/property.js';

const ABOUT = 'cpuid';

/** Criteria: (1) leaf and sub-leaf are EAX and ECX; (2) the host is asked for its own leaves alone, all others read as 0; (3) the four results are 32 bits wide. */
export const cpuidWidth: PropertyDefinition = {
  name: 'cpuid-width',
  group: 'guest helpers',
  rule: 'CPUID asks the host for the leaves 0x40000000 to 0x4FFFFFFF alone, and takes 32 bits of each result.',
  source:
    'docs/abi/linux-helpers.md#handle_cpuid; docs/abi/tdvmcall.md#instructioncpuid; docs/abi/processor.md#widths-of-results (Intel SDM volume 2, CPUID); docs/abi/hardening.md#sized-results',
  program: {
    programs: ['helper-handle-cpuid', 'helper-virt-exception'],
    clauses: () => [...asksHost(ABOUT), ...returnsResult(ABOUT), ...leavesSavedRegisters(ABOUT)],
  },
  example: 'R12 to R15 are copied whole, so that the host chooses the upper halves of RAX, RBX, RCX and RDX.',
  fix: 'Truncate leaf and sub-leaf before the range test, and each result before it is stored.',
};

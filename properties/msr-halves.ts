import { asksHost, leavesSavedRegisters, returnsResult } from '../src/clause/exchange-groups.js';
import type { PropertyDefinition } from '../src/clause/property.js';

const ABOUT = 'msr';

/** Criteria: (1) the index is ECX; (2) the value is EDX:EAX; (3) a read leaves 0 in the upper halves of RAX and RDX; (4) a refusal changes no register. */
export const msrHalves: PropertyDefinition = {
  name: 'msr-halves',
  group: 'guest helpers',
  rule: 'RDMSR and WRMSR move EDX:EAX, and the upper halves of the registers have no part in it.',
  source:
    'docs/abi/linux-helpers.md#read_msr; docs/abi/linux-helpers.md#write_msr; docs/abi/tdvmcall.md#instructionrdmsr; docs/abi/tdvmcall.md#instructionwrmsr; docs/abi/processor.md#widths-of-results (Intel SDM volume 2, RDMSR, WRMSR)',
  program: {
    programs: ['helper-read-msr', 'helper-write-msr', 'helper-virt-exception'],
    clauses: () => [...asksHost(ABOUT), ...returnsResult(ABOUT), ...leavesSavedRegisters(ABOUT)],
  },
  example: 'RDX << 32 | RAX: what stands in the upper half of RAX is written to the MSR.',
  fix: 'Cut each register to 32 bits before joining and after splitting.',
};

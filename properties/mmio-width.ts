import { agrees } from '../src/clause/exchange-clause.js';
import { asksHost, leavesSavedRegisters, returnsResult } from '../src/clause/exchange-groups.js';
import type { PropertyDefinition } from '../src/clause/property.js';

const ABOUT = 'mmio';

/**
 * Criteria: (1) size, direction and GPA are those of the access; (2) R15 holds the bytes written, and 0 for a read; (3)
 * the bytes read enter the operand as MOV, MOVZX or MOVSX says, at the width of the operand; (4) no call for user mode,
 * for a user's address, across pages, or for an instruction that the decoder does not know.
 */
export const mmioWidth: PropertyDefinition = {
  name: 'mmio-width',
  group: 'guest helpers',
  rule: 'An MMIO access shows the host the bytes that the instruction writes, and changes the operand that it reads into.',
  source:
    'docs/abi/linux-helpers.md#handle_mmio; docs/abi/linux-fixes.md#b6fb565a2d15; docs/abi/linux-fixes.md#d4fc4d014715; docs/abi/linux-fixes.md#1e7769653b06; docs/abi/tdvmcall.md#verequestmmio; docs/abi/processor.md#widths-of-results (Intel SDM volume 2, MOV, MOVZX, MOVSX)',
  program: {
    programs: ['helper-handle-mmio', 'helper-virt-exception', 'helper-mmio-read', 'helper-mmio-write'],
    clauses: () => [
      ...asksHost(ABOUT),
      ...returnsResult(ABOUT),
      ...leavesSavedRegisters(ABOUT),
      agrees('return', 'operand', ABOUT),
      agrees('return', 'value', ABOUT),
    ],
  },
  example: 'A read passes an uninitialised variable in R15.',
  fix: 'Zero the argument block, mask by size, extend by the operand’s width, and check address and page before the call.',
};

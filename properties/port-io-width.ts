import { asksHost, leavesSavedRegisters, returnsResult } from '../src/clause/exchange-groups.js';
import type { PropertyDefinition } from '../src/clause/property.js';

const ABOUT = 'port-io';

/**
 * Criteria: (1) size, direction and port are those of the instruction; (2) R15 holds as many bytes of the register as are
 * written, and 0 for a read; (3) as many bytes of R11 enter the register as are read, 1 and 2 merged, 4 zero-extended;
 * (4) nothing is emulated that the helper refuses, and nothing of a refusing host enters a register.
 */
export const portIoWidth: PropertyDefinition = {
  name: 'port-io-width',
  group: 'guest helpers',
  rule: 'A port access shows the host as many bytes as it is wide, and takes no more from it.',
  source:
    'docs/abi/linux-helpers.md#port-io; docs/abi/linux-stubs.md#the-rfc-of-2021; docs/abi/linux-fixes.md#0f63e656b1c6; docs/abi/linux-fixes.md#941370fc93cc; docs/abi/tdvmcall.md#instructionio; docs/abi/hardening.md#sized-results',
  program: {
    programs: [
      'helper-io-in',
      'helper-io-out',
      'helper-handle-io',
      'helper-handle-in',
      'helper-handle-out',
      'helper-early-exception',
      'helper-virt-exception',
      'helper-inb',
      'helper-inw',
      'helper-inl',
      'helper-outb',
      'helper-outw',
      'helper-outl',
    ],
    clauses: () => [...asksHost(ABOUT), ...returnsResult(ABOUT), ...leavesSavedRegisters(ABOUT)],
  },
  example: 'GENMASK(8 * size, 0): one bit of RAX too many goes to the host, and one of the host’s comes into RAX.',
  fix: 'Mask with 8 * size bits, and clear the upper half of RAX after a read of 4 bytes.',
};

import { asksHost } from '../src/clause/exchange-groups.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/** Criteria: (1) 64 bytes of message, R14, R15, RBX, RDI, RSI, R8, R9, RDX, the first byte lowest; (2) 0 behind its end; (3) a host that returns is told again, and the function never returns. */
export const packsFatalError: PropertyDefinition = {
  name: 'packs-fatal-error',
  group: 'guest helpers',
  rule: 'The last message of a guest reaches the host byte by byte, with nothing behind it, and its sender never goes on.',
  source:
    'docs/abi/linux-helpers.md#tdx_panic; docs/abi/tdvmcall.md#reportfatalerror; docs/abi/hardening.md#check-before-use',
  program: {
    programs: ['helper-fatal-error'],
    clauses: () => asksHost('fatal-error'),
  },
  example: 'Memory behind the end of the message is copied as well.',
  fix: 'Copy up to the NUL into a zeroed buffer of 64 bytes, and call for ever.',
};

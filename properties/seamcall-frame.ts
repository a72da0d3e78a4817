import { atCall, callsOnce, equal, predictedRegister, when } from '../src/clause/clause.js';
import { keepsFlagsAtCall } from '../src/clause/flags-at-call.js';
import { agrees, happens } from '../src/clause/exchange-clause.js';
import { SEAMCALL_PROGRAMS } from '../src/clause/exchange-groups.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/**
 * Criteria: (1) SEAMCALL is executed exactly once a call, however it ends, or as often as the contract of a retry and the
 * answers say; (2) RAX holds the leaf, all 64 bits: bit 63
 * selects the P-SEAMLDR. (3) IF, DF, TF, NT, AC and IOPL are as at the entry. The bounded retry of the callers is no business of a stub.
 */
export const seamcallFrame: PropertyDefinition = {
  name: 'seamcall-frame',
  group: 'host stubs',
  rule: 'SEAMCALL is executed exactly once a call, with the whole leaf number in RAX.',
  source:
    'docs/abi/seamcall.md#rax-layout; docs/abi/hardening.md#seamcall-stub; docs/abi/linux-stubs.md#host-stubs; docs/abi/linux-stubs.md#fair-scenarios',
  stub: {
    underBreach: false,
    appliesTo: ({ contract }) =>
      contract.instruction === 'seamcall' || 'wraps TDCALL: its frame is judged by vmcall-frame',
    clauses: (compiled) => [
      ...callsOnce(compiled),
      when({ kind: 'called' }, equal(atCall('rax'), predictedRegister('call', 'rax'))),
      ...keepsFlagsAtCall(compiled),
    ],
  },
  program: {
    // Tries behind the first are the business of bounds-entropy-retry.
    programs: SEAMCALL_PROGRAMS,
    clauses: () => [happens('SEAMCALL', 'frame'), agrees('SEAMCALL', 'rax')],
  },
  example: 'The leaf is moved as 32 bits, so that a call for the P-SEAMLDR goes to the TDX module.',
  fix: 'Move the leaf into RAX with a 64-bit move, and leave retries to the caller.',
};

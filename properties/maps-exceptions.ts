import { endedAs, equal, final, not, predictedRegister, RAISED, when } from '../src/clause/clause.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/**
 * Criteria: when SEAMCALL raises #GP or #UD, (1) the function returns, so there is a fixup, and it leads to a way out;
 * (2) RAX at the return is the software error code for the exception.
 * Not judged here: endless loops behind the fixup (terminates).
 */
export const mapsExceptions: PropertyDefinition = {
  name: 'maps-exceptions',
  group: 'host stubs',
  rule: 'When SEAMCALL raises #GP or #UD, the function takes it by a fixup and returns the error code for it.',
  source:
    'docs/abi/linux-stubs.md#host-stubs; docs/abi/linux-stubs.md#constants; docs/abi/linux-fixes.md#7b804135d4d1; docs/abi/seamcall.md#exceptions-of-the-instruction; docs/abi/mailing-lists.md#seamcall-infrastructure-2023',
  stub: {
    underBreach: false,
    appliesTo: ({ contract }) => contract.notEntered !== undefined || 'wraps TDCALL, which a guest may always execute',
    clauses: () => [
      when([RAISED, not({ kind: 'ended', as: ['budget'] })], endedAs('returned')),
      when([RAISED, { kind: 'ended', as: ['returned'] }], equal(final('rax'), predictedRegister('final', 'rax'))),
    ],
  },
  example: 'The fixup table has no entry for SEAMCALL, so that a kernel on a machine without TDX ends in an oops.',
  fix: 'Give SEAMCALL an entry of the type that puts the trap number into RAX, and set the upper half there.',
};

import { equal, final, independent, initial, when } from '../src/clause/clause.js';
import type { PropertyDefinition } from '../src/clause/property.js';
import { REGISTER_NAMES } from '../src/x86/registers.js';

/**
 * TDH.VP.ENTER comes back with values of the TD in every general register but RSP and RBP. Criteria: (1) the callee-saved
 * registers are at the return what they were at the entry; (2) where the contract asks for it, no register but the status
 * depends on a value of the TD: information flow, judged on companion H, which changes them all.
 * RBP is the module's to keep where the contract takes that for granted; a run with a module that does not is not judged.
 */
export const savesEverythingAcrossVpEnter: PropertyDefinition = {
  name: 'saves-everything-across-vp-enter',
  group: 'host stubs',
  rule: 'TDH.VP.ENTER may change every general register: the callee-saved ones come back, and no value of the TD stays in the others.',
  source:
    'docs/abi/seamcall.md#tdhvpenter-outputs; docs/abi/hardening.md#seamcall-stub; docs/abi/linux-stubs.md#register-flow-of-v67; docs/abi/linux-stubs.md#fair-scenarios',
  stub: {
    underBreach: false,
    appliesTo: ({ contract, entersTd }) => {
      if (contract.instruction !== 'seamcall')
        return 'wraps TDCALL: what the host changed is judged by scrubs-host-values';
      return entersTd || 'never called with TDH.VP.ENTER: any other leaf changes its own outputs alone';
    },
    clauses: ({ contract, calleeSaved }) => {
      const back = [{ kind: 'td-answered' }, { kind: 'ended', as: ['returned'] }] as const;
      return [
        ...calleeSaved.map((register) => when(back, equal(final(register), initial(register)))),
        ...(contract.scrubsHostValues
          ? REGISTER_NAMES.filter((register) => register !== 'rsp' && register !== 'rax').map((register) =>
              when(back, independent(final(register), 'td-values')),
            )
          : []),
      ];
    },
  },
  example: 'One xor of the scrub is missing, so that the host goes on with a register that the TD chose.',
  fix: 'Push every callee-saved register before SEAMCALL, and clear the others once the outputs are stored.',
};

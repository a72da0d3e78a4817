import { atCall, fact, independent, when } from '../src/clause/clause.js';
import type { PropertyDefinition } from '../src/clause/property.js';
import { REGISTER_NAMES } from '../src/x86/registers.js';

/** Registers that a mask can name: RAX, RCX and RSP are never shared (docs/abi/tdvmcall.md#exposure-mask). */
const MASKABLE = REGISTER_NAMES.filter((name) => name !== 'rax' && name !== 'rcx' && name !== 'rsp');

/**
 * Information flow, judged on companion G, which changes every guest value that the contract does not pass to the host,
 * all addresses and all poison. Criteria: (1) no exposed register differs, (2) nor the mask, (3) nor anything else that
 * the host saw at any exit, (4) nor the path that the code took to the
 * last exit, which the host could time, (5) nor where it accessed memory before, which the host could watch by pages and cache
 * lines (a controlled channel), but where the contract says that it may. What happens behind the last exit is not seen.
 * Not judged when the caller's block overlaps the function's own frame: what is pushed there becomes an argument.
 */
export const exposesOnlyArguments: PropertyDefinition = {
  name: 'exposes-only-arguments',
  group: 'guest stubs',
  rule: 'The host sees arguments or zero, and nothing that depends on any other value of the guest.',
  source:
    'docs/abi/tdvmcall.md#what-the-host-sees; docs/abi/hardening.md#no-leak-through-the-mask; docs/abi/hardening.md#exposed-registers-are-lost',
  stub: {
    underBreach: true,
    appliesTo: ({ reachesHost }) =>
      reachesHost || 'never calls TDG.VP.VMCALL: the trusted module alone sees the registers',
    clauses: ({ contract }) => [
      ...MASKABLE.map((register) =>
        when({ kind: 'exposed', register }, independent(atCall(register), 'guest-secrets')),
      ),
      when({ kind: 'host-answered' }, independent(atCall('rcx'), 'guest-secrets')),
      independent(fact('restOfHostView'), 'guest-secrets'),
      independent(fact('pathToHost'), 'guest-secrets'),
      ...(contract.secretAddresses === true ? [] : [independent(fact('addressesToHost'), 'guest-secrets')]),
    ],
  },
  example: 'A register of the mask is not loaded, so that the caller’s value or a kernel pointer goes to the host.',
  fix: 'Load or clear every register that the mask names, and drop the bits of those that are not used.',
};

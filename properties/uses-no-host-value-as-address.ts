import { fact, independent, not, when } from '../src/clause/clause.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/**
 * Information flow, judged on companion H. Criteria: (1) every data address, (2) every instruction address and
 * (3) the address of an access that faulted is the same whatever the host answers, but for branches that the contract names.
 * Not judged when the caller's block overlaps the function's own frame: the outputs then overwrite saved pointers.
 */
export const usesNoHostValueAsAddress: PropertyDefinition = {
  name: 'uses-no-host-value-as-address',
  group: 'guest stubs',
  rule: 'No load, store or jump goes to an address that depends on a value that the host chose.',
  source: 'docs/abi/hardening.md#exposed-registers-are-lost; docs/abi/tdvmcall.md#what-comes-back',
  stub: {
    underBreach: true,
    appliesTo: ({ reachesHost }) => reachesHost || 'never calls TDG.VP.VMCALL: no host values arrive',
    clauses: () => [
      independent(fact('addresses'), 'host-values'),
      when(not({ kind: 'ended', as: ['faulted'] }), independent(fact('path'), 'host-values')),
      independent(fact('faultAddress'), 'host-values'),
    ],
  },
  example: 'The pointer to the argument block is kept in an exposed register, and the outputs are stored through it.',
  fix: 'Keep pointers on the stack or in a register outside the mask while the host runs.',
};

import { final, independent, when } from '../src/clause/clause.js';
import type { PropertyDefinition } from '../src/clause/property.js';
import { REGISTER_NAMES } from '../src/x86/registers.js';

/**
 * Information flow, judged on companion H, which changes every host-chosen value that selects no branch the contract
 * names. Criteria: no general register at the return differs, but for RAX where the result follows from what the host answered. A value derived from a
 * host value differs as well; one that merely equals a host value does not.
 * Not checked: values that pops leave below RSP, and the arithmetic flags, which are volatile.
 */
export const scrubsHostValues: PropertyDefinition = {
  name: 'scrubs-host-values',
  group: 'guest stubs',
  rule: 'At the return no register but the result depends on a value that the host chose, so that the host gets no register to speculate with.',
  source:
    'docs/abi/hardening.md#scrub-host-values; docs/abi/linux-stubs.md#register-flow-of-v64; docs/abi/linux-fixes.md#5d092b66119d (CVE-2023-52874)',
  stub: {
    underBreach: false,
    appliesTo: ({ contract, reachesHost }) => {
      if (!reachesHost) return 'never calls TDG.VP.VMCALL: outputs of the trusted module are no host values';
      if (contract.neverReturns === true) return 'the function never returns';
      return contract.scrubsHostValues || 'the contract leaves scrubbing to the caller';
    },
    clauses: ({ result, conditional }) => {
      const results = [result, ...conditional.map((one) => one.result)];
      const returned = [{ kind: 'host-answered' }, { kind: 'ended', as: ['returned'] }] as const;
      const others = REGISTER_NAMES.filter((register) => register !== 'rsp' && register !== 'rax');
      const clauses = others.map((register) => when(returned, independent(final(register), 'host-values')));
      if (!results.some(({ fromHost }) => fromHost))
        return [...clauses, when(returned, independent(final('rax'), 'host-values'))];
      // Where RAX is nobody's, it is no result either.
      if (!results.some(({ value }) => value.kind === 'nothing')) return clauses;
      const open = { kind: 'unpredicted', term: { kind: 'register', moment: 'final', register: 'rax' } } as const;
      return [...clauses, when([...returned, open], independent(final('rax'), 'host-values'))];
    },
  },
  example: 'One xor of the scrub is missing, so that a register still holds what the host put there.',
  fix: 'Clear the register with a 32-bit xor after its value was stored, or restore it from the stack.',
};

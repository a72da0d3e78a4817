import { equal, final, predictedRegister, when, whenAnswered } from '../src/clause/clause.js';
import { returnsResult } from '../src/clause/exchange-groups.js';
import { mayReturn, type PropertyDefinition } from '../src/clause/property.js';

/**
 * Criteria: RAX at the return is what the contract names: the status of the instruction, or R10 as the host answered it.
 * Not judged here: a SEAMCALL that did not reach the module (maps-vmfailinvalid, maps-exceptions).
 */
export const returnsStatus: PropertyDefinition = {
  name: 'returns-status',
  group: 'stubs',
  rule: 'RAX returns the status that the contract names, all 64 bits: that of TDCALL or SEAMCALL, or the host’s R10.',
  source: 'facts/linux.md 1.2; facts/stubs.md (results); facts/module.md 3 and 5 (status words)',
  stub: {
    underBreach: false,
    appliesTo: mayReturn,
    clauses: (compiled) => [
      whenAnswered(
        compiled,
        when({ kind: 'ended', as: ['returned'] }, equal(final('rax'), predictedRegister('final', 'rax'))),
      ),
    ],
  },
  program: {
    // Of the helpers that return R10 as it is.
    programs: ['helper-hypercall', 'helper-kvm-hypercall'],
    clauses: () => [...returnsResult('hypercall'), ...returnsResult('kvm-hypercall')],
  },
  example:
    'The TDCALL status (always 0 after a hypercall) is returned instead of R10, so that every failure reads as success.',
  fix: 'Move the register that the contract names into RAX after the check of the TDCALL status, with a 64-bit move.',
};

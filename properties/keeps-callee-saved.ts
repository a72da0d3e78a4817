import { type Condition, equal, final, initial, not, when } from '../src/clause/clause.js';
import { atEveryReturn } from '../src/clause/every-return.js';
import { mayReturn, type PropertyDefinition } from '../src/clause/property.js';

/** What both conventions keep, and what Microsoft x64 keeps as well. */
const SYSTEM_V = atEveryReturn('rbx', 'rbp', 'r12', 'r13', 'r14', 'r15');
const MORE_OF_MICROSOFT = atEveryReturn('rdi', 'rsi');

/**
 * Criteria: at the return, every callee-saved register of the calling convention has its value of the entry. RSP is the
 * business of keeps-stack. Not judged here: what TDH.VP.ENTER came back from (saves-everything-across-vp-enter).
 */
export const keepsCalleeSaved: PropertyDefinition = {
  name: 'keeps-callee-saved',
  group: 'stubs',
  rule: 'Every callee-saved register of the calling convention is at the return what it was at the entry, for every answer of the host or the module.',
  source:
    'docs/abi/calling-conventions.md#system-v; docs/abi/calling-conventions.md#microsoft-x64; docs/abi/hardening.md#stack-and-callee-saved-registers',
  stub: {
    underBreach: false,
    appliesTo: mayReturn,
    clauses: ({ calleeSaved, entersTd }) => {
      const returned: Condition[] = [{ kind: 'ended', as: ['returned'] }];
      if (entersTd) returned.push(not({ kind: 'td-answered' }));
      return calleeSaved.map((register) => when(returned, equal(final(register), initial(register))));
    },
  },
  program: {
    ...SYSTEM_V,
    clauses: (contract) => [
      ...SYSTEM_V.clauses(contract),
      ...(contract.convention === 'ms-x64' ? MORE_OF_MICROSOFT.clauses(contract) : []),
    ],
  },
  example: 'Pops in the wrong order, or a register of the mask that nobody saved before TDCALL.',
  fix: 'Save every callee-saved register that the code or the mask touches, and pop in the reverse order on every path.',
};

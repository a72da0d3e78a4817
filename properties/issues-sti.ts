import { constant, equal, fact, when } from '../src/clause/clause.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/**
 * Judged on the function's own instructions, not on interrupts. Criteria: (1) with the flag, STI is the instruction
 * immediately before TDCALL, so that its shadow covers it, (2) and the only STI; (3) without the flag, or where the
 * contract has none, no STI at all.
 */
export const issuesSti: PropertyDefinition = {
  name: 'issues-sti',
  group: 'guest stubs',
  rule: 'STI is executed immediately before TDCALL when the flag asks for it, and never otherwise.',
  source:
    'docs/abi/tdvmcall.md#hlt-disciplines; docs/abi/linux-stubs.md#register-flow-of-v519; docs/abi/linux-fixes.md#e80a48bade61; docs/abi/mailing-lists.md#hlt-support-2022',
  stub: {
    underBreach: false,
    appliesTo: ({ contract }) =>
      contract.instruction === 'tdcall' ||
      'SEAMCALL never halts: nothing asks for STI, and IF is judged by keeps-flags',
    clauses: ({ contract: { stiFlag } }) =>
      stiFlag === undefined
        ? [equal(fact('stiCount'), constant(0n))]
        : [
            when([{ kind: 'flag', flag: stiFlag, set: true }, { kind: 'called' }], {
              kind: 'before',
              first: 'sti',
              second: 'call',
            }),
            when(
              [{ kind: 'flag', flag: stiFlag, set: true }, { kind: 'called' }],
              equal(fact('stiCount'), constant(1n)),
            ),
            when({ kind: 'flag', flag: stiFlag, set: false }, equal(fact('stiCount'), constant(0n))),
          ],
  },
  example: 'One instruction stands between STI and TDCALL: an interrupt in that window delays HLT for ever.',
  fix: 'Make STI the last instruction before TDCALL, behind the test of the flag.',
};

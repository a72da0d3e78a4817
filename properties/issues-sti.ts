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
  source: 'facts/module.md 4 (the two HLT disciplines); facts/linux.md 1.2 and 4 #6; seeds/001 (TDX_HCALL_ISSUE_STI)',
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

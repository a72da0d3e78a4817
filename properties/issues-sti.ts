import { type Clause, type Condition, constant, equal, fact, not, when } from '../src/clause/clause.js';
import type { ArgumentTest } from '../src/contract/flow-words.js';
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
    clauses: (compiled) => {
      if (compiled.contract.sti !== undefined) return whenIssued(compiled.contract.sti.when.map(conditionOf));
      const { stiFlag } = compiled.contract;
      return stiFlag === undefined
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
          ];
    },
  },
  example: 'One instruction stands between STI and TDCALL: an interrupt in that window delays HLT for ever.',
  fix: 'Make STI the last instruction before TDCALL, behind the test of the flag.',
};

/** STI where all conditions hold, and none where any does not. */
function whenIssued(conditions: readonly Condition[]): Clause[] {
  const called: Condition[] = [...conditions, { kind: 'called' }];
  return [
    when(called, { kind: 'before', first: 'sti', second: 'call' }),
    when(called, equal(fact('stiCount'), constant(1n))),
    ...conditions.map((one) => when(not(one), equal(fact('stiCount'), constant(0n)))),
  ];
}

function conditionOf(test: ArgumentTest): Condition {
  if ('flag' in test) return { kind: 'flag', flag: test.flag, set: true };
  if ('clear' in test) return not({ kind: 'flag', flag: test.clear, set: true });
  return 'nonzero' in test
    ? { kind: 'parameter', parameter: test.nonzero, zero: false }
    : { kind: 'parameter', parameter: test.zero, zero: true };
}

import { describe } from 'vitest';
import { GPR } from '../abi/registers.js';
import type { LeafRule } from './leaf-rule.js';
import { LEAF_RULES } from './leaf-rules.js';
import { RECORDED_GPRS } from '../vectors/vector-fields.js';
import { itNoticesWrongModuleRules, type ModuleMutation } from './mutations.test.helper.js';

/** Wrong leaf rules: each check left out or blaming another operand, each output wrong on error and on success. */
function leafMutations(): ModuleMutation[] {
  const mutations: ModuleMutation[] = [];
  const add = (name: string, rule: LeafRule): void => {
    mutations.push([name, { leafRules: new Map([...LEAF_RULES, [rule.leaf, rule]]) }]);
  };
  for (const rule of LEAF_RULES.values()) {
    for (const [index, check] of rule.checks.entries()) {
      const label = `leaf ${rule.leaf}: ${check.rule}`;
      add(`${label}: not checked`, { ...rule, checks: rule.checks.toSpliced(index, 1) });
      const status =
        check.operand === undefined
          ? { ...check, status: 'TDX_OPERAND_INVALID' }
          : { ...check, operand: check.operand === 'R9' ? ('RCX' as const) : ('R9' as const) };
      add(`${label}: another status`, { ...rule, checks: rule.checks.with(index, status) });
    }
    // A handler without checks cannot fail.
    for (const [index, output] of rule.checks.length === 0 ? [] : rule.outputs.entries()) {
      if (output.onError !== 'preserved') {
        const onError = output.onError === 0 ? -1 : 0;
        add(`leaf ${rule.leaf}: ${output.register} is ${onError} on error`, {
          ...rule,
          outputs: rule.outputs.with(index, { ...output, onError }),
        });
        add(`leaf ${rule.leaf}: ${output.register} is preserved on error`, {
          ...rule,
          outputs: rule.outputs.with(index, { ...output, onError: 'preserved' }),
        });
      } else {
        add(`leaf ${rule.leaf}: ${output.register} is 0 on error`, {
          ...rule,
          outputs: rule.outputs.with(index, { ...output, onError: 0 }),
        });
      }
      if (output.sinceVersion !== undefined) {
        add(`leaf ${rule.leaf}: ${output.register} is an output in every version`, {
          ...rule,
          outputs: rule.outputs.with(index, { ...output, sinceVersion: 0 }),
        });
      }
    }
    const { values } = rule;
    if (values === undefined) continue;
    for (const name of RECORDED_GPRS) {
      if (name === 'RAX') continue;
      add(`leaf ${rule.leaf}: ${name} is another on success`, {
        ...rule,
        values: (call, out) => {
          values(call, out);
          out[2 * GPR[name]] ^= 1;
        },
      });
    }
  }
  return mutations;
}

/** These rules stand on docs/abi/tdcall.md#leaves and the handlers' source alone: no recorded vector reaches them. */
const NOT_COVERED = [
  // Leaves without any vector beyond the dispatcher.
  ...[2, 8, 20, 22, 23, 24, 25, 26].map((leaf) => `leaf ${leaf}: *`),
  // Success with a pending #VE (fill 2) is in no recorded vector.
  ...RECORDED_GPRS.filter((name) => name !== 'RAX').map((name) => `leaf 3: ${name} is another on success`),
  // The recorded operands fail an earlier check.
  'leaf 4: RDX is aligned to 64 bytes: *',
  'leaf 4: RDX is a GPA: *',
  'leaf 6: RCX is a private GPA: *',
  'leaf 7: RDX can name one element: *',
  'leaf 9: RDX can name one element: *',
  'leaf 10: RDX can name one element: *',
  'leaf 12: RDX is a private GPA: *',
  // The recorded operand fails the next check too, with the same status.
  'leaf 6: RCX is a GPA aligned to its level, at most 1: not checked',
  'leaf 12: RDX is aligned to 4096 bytes: not checked',
  // No recorded call has this operand or version.
  'leaf 7: the version is 0 or 1: *',
  'leaf 7: RDX is not the null id (which asks for the first field): *',
  'leaf 9: RDX is not the null id (which asks for the first field): *',
  'leaf 11: RDX is not the null id (which asks for the first field): *',
  'leaf 9: RCX is zero: *',
  // R8 was 0 before the call.
  'leaf 9: R8 is preserved on error',
];

describe('the TDCALL vectors and the leaves', () => {
  itNoticesWrongModuleRules('tdcall', leafMutations(), NOT_COVERED);
});

import {
  type Clause,
  type Condition,
  equal,
  final,
  not,
  predictedRegister,
  when,
  whenAnswered,
} from '../src/clause/clause.js';
import { HYPERCALL_PROGRAMS, HYPERCALLS, returnsResult } from '../src/clause/exchange-groups.js';
import { mayReturn, type PropertyDefinition } from '../src/clause/property.js';

/** RAX is what the reference says, as far as the type of the result goes. */
function asPredicted(mask: bigint): Clause {
  const isWhole = mask === (1n << 64n) - 1n;
  return equal(final('rax'), predictedRegister('final', 'rax'), isWhole ? undefined : mask);
}

/**
 * Criteria: RAX at the return is what the contract names, in as many bytes as the result has: the status of the instruction,
 * R10 or another register as the host answered it, whether one of them is 0, or a constant; and what it names for NULL.
 * Not judged here: a SEAMCALL that did not reach the module (maps-vmfailinvalid, maps-exceptions).
 */
export const returnsStatus: PropertyDefinition = {
  name: 'returns-status',
  group: 'stubs',
  rule: 'RAX returns the status that the contract names, all 64 bits: that of TDCALL or SEAMCALL, or the host’s R10.',
  source:
    'docs/abi/linux-stubs.md#register-flow-of-v67; docs/abi/linux-stubs.md#register-flow-of-v519; docs/abi/other-projects.md#what-is-policy; docs/abi/status-codes.md#layout; docs/abi/tdvmcall.md#statuses-in-r10',
  stub: {
    underBreach: false,
    appliesTo: (compiled) => {
      const { result, blocks, conditional } = compiled;
      const returns = mayReturn(compiled);
      if (returns !== true) return returns;
      const hasResult = blocks.some(({ whenNull }) => whenNull !== undefined && whenNull.value.kind !== 'nothing');
      const isValue = [result, ...conditional.map((one) => one.result)].some(({ value }) => value.kind !== 'nothing');
      return isValue || hasResult || 'the contract has no result';
    },
    clauses: (compiled) => {
      const { blocks, result } = compiled;
      const returned: Condition = { kind: 'ended', as: ['returned'] };
      const silent = blocks.flatMap(({ parameter: { name }, whenNull }) =>
        whenNull === undefined ? [] : [{ isNull: { kind: 'null', parameter: name } as const, mask: whenNull.mask }],
      );
      const given = silent.map(({ isNull }) => not(isNull));
      return [
        whenAnswered(compiled, when(given.length === 0 ? returned : [returned, ...given], asPredicted(result.mask))),
        ...silent.map(({ isNull, mask }) => when([returned, isNull], asPredicted(mask))),
      ];
    },
  },
  program: {
    // Of the helpers that return R10 as it is, or R11 where R10 is no status.
    programs: HYPERCALL_PROGRAMS,
    clauses: () => HYPERCALLS.flatMap(returnsResult),
  },
  example:
    'The TDCALL status (always 0 after a hypercall) is returned instead of R10, so that every failure reads as success.',
  fix: 'Move the register that the contract names into RAX after the check of the TDCALL status, with a 64-bit move.',
};

import { type Condition, endedAs, not, RAISED, stopCondition, when } from '../src/clause/clause.js';
import { happens } from '../src/clause/exchange-clause.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/**
 * Criteria: (1) the function ends by returning to its caller, by a trap or by a call that never returns, not by a
 * fault; (2) it traps or stops only where the call failed and the contract wants that; (3) when the caller broke what
 * it owes, a fault on the argument block is a legal end too.
 * Not judged here: endless loops (terminates), returning after a failure (stops-on-failure), and what follows an
 * exception of SEAMCALL (maps-exceptions).
 */
export const endsSafely: PropertyDefinition = {
  name: 'ends-safely',
  group: 'stubs',
  rule: 'The function ends by returning, or by the stop that the contract allows; never by a fault of its own.',
  source:
    'docs/abi/linux-stubs.md#generations; docs/abi/linux-stubs.md#fair-scenarios; docs/architecture.md#the-hostile-world',
  stub: {
    underBreach: true,
    appliesTo: () => true,
    clauses: ({ contract }) => {
      const ended: Condition = not({ kind: 'ended', as: ['budget'] });
      const unraised = contract.notEntered === undefined ? [] : [not(RAISED)];
      return [
        when([{ kind: 'caller-kept' }, ended, ...unraised], endedAs('returned', 'trapped', 'stopped')),
        when(
          [
            { kind: 'caller-kept' },
            ...(contract.onFailure === 'stops' || contract.stopsOn !== undefined ? [not(stopCondition(contract))] : []),
            { kind: 'ended', as: ['trapped', 'stopped'] },
            ...unraised,
          ],
          endedAs('returned'),
        ),
        when([not({ kind: 'caller-kept' }), not({ kind: 'block-overlaps-stack' }), ended, ...unraised], {
          kind: 'endedAsOrBlockFault',
          ends: ['returned', 'trapped', 'stopped'],
        }),
      ];
    },
  },
  program: {
    programs: 'all',
    clauses: () => [happens('fault'), happens('trap')],
  },
  example: 'A pop is missing on one path, so that RET goes to a saved register.',
  fix: 'Walk every path with its pushes and pops, and test a pointer that may be NULL before using it.',
};

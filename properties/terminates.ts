import { endedAs } from '../src/clause/clause.js';
import { happens } from '../src/clause/exchange-clause.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/** Criteria: the run ends within the instruction budget, whatever the host and the module answer, and for ever. */
export const terminates: PropertyDefinition = {
  name: 'terminates',
  group: 'stubs',
  rule: 'The function ends within the instruction budget for every answer, also one that is repeated for ever.',
  source: 'docs/abi/hardening.md#check-before-use; docs/architecture.md#the-hostile-world',
  stub: {
    underBreach: true,
    appliesTo: () => true,
    clauses: () => [endedAs('returned', 'trapped', 'stopped', 'faulted')],
  },
  program: {
    programs: 'all',
    clauses: () => [happens('endless')],
  },
  example: 'TDCALL is retried as long as RAX is not 0.',
  fix: 'Bound the retries, or stop.',
};

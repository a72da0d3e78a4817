import { happens } from '../src/clause/exchange-clause.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/**
 * Criteria: (1) SEAMCALL is made again while the status is TDX_RND_NO_ENTROPY, all 64 bits; (2) no other status, and no
 * failure of the instruction, is tried again; (3) there are no more SEAMCALLs than the contract allows. What a further
 * try passes on is the business of marshals-arguments.
 */
export const boundsEntropyRetry: PropertyDefinition = {
  name: 'bounds-entropy-retry',
  group: 'host stubs',
  rule: 'A module without entropy is asked again, at most as often as the contract says; nothing else is tried again.',
  source:
    'docs/abi/linux-seamcall.md#sc_retry; docs/abi/linux-stubs.md#constants; docs/architecture.md#the-hostile-world',
  program: {
    programs: ['seamcall-retry'],
    clauses: () => [happens('SEAMCALL', 'retry')],
  },
  example: 'The loop has no bound, so that a module whose random numbers are used up holds the CPU for ever.',
  fix: 'Count the tries, and compare the whole status.',
};

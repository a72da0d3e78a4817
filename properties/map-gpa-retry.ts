import { asksHost, returnsResult } from '../src/clause/exchange-groups.js';
import type { PropertyDefinition } from '../src/clause/property.js';

const ABOUT = 'map-gpa';

/**
 * Criteria: (1) both ends of a range that becomes shared have the shared bit; (2) after RETRY the call is made again from
 * R11 to the same end, if R11 is a page of what was asked for; (3) a bounded number of calls without progress; (4) true is
 * returned when the host answered SUCCESS, and never else.
 */
export const mapGpaRetry: PropertyDefinition = {
  name: 'map-gpa-retry',
  group: 'guest helpers',
  rule: 'MapGPA goes on where RETRY says, within what was asked for, and gives up on a host that makes no progress.',
  source:
    'docs/abi/linux-helpers.md#tdx_map_gpa; docs/abi/linux-fixes.md#019b383d1132; docs/abi/tdvmcall.md#mapgpa; docs/abi/hardening.md#check-before-use',
  program: {
    programs: ['helper-map-gpa'],
    clauses: () => [...asksHost(ABOUT), ...returnsResult(ABOUT)],
  },
  example: 'RETRY is taken for a failure, or R11 is believed whatever it is.',
  fix: 'Test R11 against the range and for alignment, count the calls without progress, and compare all of R10.',
};

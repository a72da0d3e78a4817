import { asksModule, fillsRecord, returnsResult } from '../src/clause/exchange-groups.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/**
 * Criteria: (1) the module is asked for the right leaf with the right operands; (2) a report's status becomes the error
 * number of the contract, told by its upper half; (3) pages are accepted from the largest size that fits to the smallest,
 * and true is returned when all are; (4) the record of #VE is what the module said.
 */
export const mapsTdcallErrors: PropertyDefinition = {
  name: 'maps-tdcall-errors',
  group: 'guest helpers',
  rule: 'What a leaf of the module answers becomes the result of its helper, and no failure becomes a success.',
  source:
    'docs/abi/linux-helpers.md#attestation; docs/abi/linux-fixes.md#2748566da8b0; docs/abi/status-codes.md#layout',
  program: {
    programs: [
      'helper-get-report0',
      'helper-extend-rtmr',
      'helper-accept-memory',
      'helper-get-ve-info',
      'helper-early-exception',
    ],
    clauses: () => [
      ...['report', 'accept-memory'].flatMap((about) => [...asksModule(about), ...returnsResult(about)]),
      ...asksModule('ve'),
      ...fillsRecord('ve'),
    ],
  },
  example: 'OPERAND_BUSY, which asks to be tried again, is reported as EIO.',
  fix: 'Compare bits 63:32 of the status with the table of the contract; everything else but 0 is EIO.',
};

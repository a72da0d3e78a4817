/** The reproducer of a recorded finding: its case is run once more, and what goes wrong with that is a reason and no error. */
import type { FindingResult } from '../campaign/records/result.js';
import { caseImage } from '../case/case-image.js';
import { valuesOf } from '../case/stored-values.js';
import { targetOf } from '../case/target-of-case.js';
import { findingName } from '../case/write-case.js';
import { UsageError } from '../errors.js';
import { openRunner } from '../run/open-runner.js';
import { accountsOf } from '../triage/account.js';
import { signatureKey } from '../triage/signature.js';
import { type Reproducer, reproducer } from './reproducer.js';

export function reproducerOf(finding: FindingResult): Reproducer {
  const { case: file, unrepeated } = finding;
  if (unrepeated !== undefined) return { reason: 'its case does not repeat it' };
  try {
    const runner = openRunner(targetOf(file, caseImage(file, findingName(file)), file.symbol), file.code.size);
    const key = signatureKey(finding);
    const account = accountsOf(runner, valuesOf(file, runner.space)).find(
      ({ signature }) => signatureKey(signature) === key,
    );
    return account === undefined
      ? { reason: 'this version of tdxfuzz does not find it in the stored case' }
      : reproducer(runner, account, file);
  } catch (error) {
    if (error instanceof UsageError) return { reason: error.message };
    throw error;
  }
}

/** The reproducer of a recorded finding: its case is run once more, and what goes wrong with that is a reason and no error. */
import type { FindingResult } from '../campaign/records/result.js';
import { openCase } from '../stored/open-case.js';
import { findingName } from '../stored/write-case.js';
import { UsageError } from '../errors.js';
import { accountsOf } from '../finding/account.js';
import { signatureKey } from '../finding/signature.js';
import { type Reproducer, reproducer } from './reproducer.js';

export function reproducerOf(finding: FindingResult): Reproducer {
  const { case: file, unrepeated } = finding;
  if (unrepeated !== undefined) return { reason: 'its case does not repeat it' };
  try {
    const { runner, values } = openCase(file, findingName(file));
    const key = signatureKey(finding);
    const account = accountsOf(runner, values).find(({ signature }) => signatureKey(signature) === key);
    return account === undefined
      ? { reason: 'this version of tdxfuzz does not find it in the stored case' }
      : reproducer(runner, account, file);
  } catch (error) {
    if (error instanceof UsageError) return { reason: error.message };
    throw error;
  }
}

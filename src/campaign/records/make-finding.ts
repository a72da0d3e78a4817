/** Makes the record of a finding: shrunk by itself, run once more, told in full. Everything that renders it reads the record. */
import type { Case } from '../../case/case.js';
import type { CaseFile } from '../../case/case-schema.js';
import { makeCase } from '../../case/make-case.js';
import { differingValues } from '../../case/stored-values.js';
import { sourceLine } from '../../image/line-table.js';
import type { Runner } from '../../run/runner.js';
import { accountsOf } from '../../triage/account.js';
import { documentOf } from '../../triage/document.js';
import { examineCase } from '../../triage/inputs.js';
import { NotRepeated, shrinkFailure } from '../../triage/shrink.js';
import { type Signature, signatureKey } from '../../triage/signature.js';
import type { FindingResult } from './result.js';

/** What is reported of a finding beside its signature and its hits. */
export type MadeFinding = Pick<
  FindingResult,
  'source' | 'scenario' | 'expected' | 'actual' | 'inputs' | 'document' | 'case'
>;

/**
 * @param values fail with the signature
 * @param found how, for information
 * @param examine whether to try which of its values matter, which takes longer than the rest
 * @throws NotRepeated
 */
export function makeFinding(
  runner: Runner,
  signature: Signature,
  values: Case,
  found: CaseFile['found'],
  examine = true,
): MadeFinding {
  const simplest = shrinkFailure(runner, values, signature);
  const inputs = examine ? examineCase(runner, simplest, signature) : [];
  // What is told is the run that is reported, not the last candidate of the shrinker or of the experiment.
  const key = signatureKey(signature);
  const account = accountsOf(runner, simplest).find((one) => signatureKey(one.signature) === key);
  if (account === undefined) throw new NotRepeated(`a finding did not repeat: ${key}`);
  const source = sourceLine(runner.image, account.trace.steps[account.step]?.address ?? runner.entry);
  return {
    ...(source !== undefined && { source }),
    scenario: differingValues(simplest, runner.space),
    expected: account.expected,
    actual: account.actual,
    inputs,
    document: documentOf(account, runner),
    case: makeCase(runner, simplest, signature, found),
  };
}

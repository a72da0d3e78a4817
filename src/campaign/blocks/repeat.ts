/** Whether a case repeats its finding by itself: made an image again, and run on a machine of its own. */
import { type CaseFile, validateCase } from '../../case/case-file.js';
import { caseImage } from '../../case/case-image.js';
import { storyOf } from '../../case/play-case.js';
import { scenarioOf } from '../../case/scenario-of.js';
import { UsageError } from '../../errors.js';
import { accountFor } from '../../triage/account.js';
import { accountForStory } from '../../triage/play-account.js';
import { type Signature, signatureKey } from '../../triage/violation.js';
import { createPlayRunner, createRunner, isProgram, targetOf } from '../targets/target.js';

/** @returns why it does not, or undefined */
export function whyNotRepeated(stored: CaseFile, signature: Signature): string | undefined {
  try {
    // As it will be read: names are escaped on the way.
    const file = validateCase(JSON.parse(JSON.stringify(stored)), 'the case');
    const { found, problem } = signaturesOf(file);
    if (problem !== '') return `the case alone has no verdict: ${problem}`;
    if (found.some((one) => signatureKey(one) === signatureKey(signature))) return undefined;
    const instead = found.map(({ property, slot, place }) => `${property}: ${slot} at ${place}`).join('; ');
    return `the case alone ${instead === '' ? 'does not fail' : `fails otherwise: ${instead}`}`;
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}

function signaturesOf(file: CaseFile): { found: Signature[]; problem: string } {
  const target = targetOf(file, caseImage(file, 'the case'), file.symbol);
  if (isProgram(target)) {
    const runner = createPlayRunner(target);
    const found = accountForStory(runner, storyOf(file, runner.space)).map(({ signature }) => signature);
    return { found, problem: runner.play.problem };
  }
  // The bytes outside the stored pages are not there: the size of the function is what the case says.
  const runner = createRunner(target, file.code.size);
  const found = accountFor(runner, scenarioOf(file, runner.space.neutral)).map(({ signature }) => signature);
  return { found, problem: runner.problem };
}

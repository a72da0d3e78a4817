/** Shrinks one failure by itself: the predicate is "fails with this signature". */
import fc from 'fast-check';
import { cases } from '../case/arbitrary.js';
import type { Case } from '../case/case.js';
import type { Runner } from '../run/runner.js';
import { type Signature, signatureKey, Signatures } from './signature.js';

/** A failure that was seen and does not come again: a defect of the tool, and no verdict about the code. */
export class NotRepeated extends Error {}

/** Runs cases and says whether they fail with the signature. A case without a verdict does not. */
export function failsAs(runner: Runner, signature: Signature): (values: Case) => boolean {
  const signatures = new Signatures(runner);
  const wanted = signatureKey(signature);
  return (values) => signatures.of(runner.run(values) ?? []).some((found) => signatureKey(found) === wanted);
}

/**
 * The simplest case found that still fails with the signature. The failing values themselves are the start, so that a
 * stored case can be shrunk again without the stream it came from.
 *
 * @throws NotRepeated if the case does not fail so
 */
export function shrinkFailure(runner: Runner, values: Case, signature: Signature): Case {
  const fails = failsAs(runner, signature);
  const details = fc.check(
    fc.property(cases(runner.space), (candidate) => !fails(candidate)),
    { examples: [[values]], numRuns: 1, seed: 0 },
  );
  if (!details.failed || details.counterexample === null)
    throw new NotRepeated(`a failure of ${signatureKey(signature)} did not fail again`);
  return details.counterexample[0];
}

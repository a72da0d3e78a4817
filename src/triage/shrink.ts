/** Shrinks one failure by itself: the predicate is "fails with this signature". */
import fc from 'fast-check';
import type { CaseRunner } from '../judge/case-runner.js';
import { scenarios } from '../scenario/arbitrary.js';
import type { Scenario } from '../scenario/layout.js';
import { failsAs } from './fails-as.js';
import { type Signature, signatureKey } from './violation.js';

/**
 * The simplest scenario found that still fails with the signature. The failing values themselves are the start, so that
 * a stored case can be shrunk again without the stream it came from.
 *
 * @throws Error if the scenario does not fail so: the tool would be broken
 */
export function shrinkFailure(runner: CaseRunner, scenario: Scenario, signature: Signature): Scenario {
  const fails = failsAs(runner, signature);
  const details = fc.check(
    fc.property(scenarios(runner.space), (candidate) => !fails(candidate)),
    { examples: [[scenario]], numRuns: 1, seed: 0 },
  );
  if (!details.failed || details.counterexample === null)
    throw new Error(`a failure of ${signatureKey(signature)} did not fail again`);
  return details.counterexample[0];
}

/** "Fails with this signature": what shrinking and the experiments on single values ask of every candidate. */
import type { CaseRunner } from '../judge/case-runner.js';
import type { PlayRunner } from '../play/play-runner.js';
import type { Scenario } from '../scenario/layout.js';
import type { Story } from '../story/story.js';
import { PlayViolations } from './play-violations.js';
import { type Signature, signatureKey, Violations } from './violation.js';

/** Runs scenarios and says whether they fail with the signature. A case without a verdict does not. */
export function failsAs(runner: CaseRunner, signature: Signature): (scenario: Scenario) => boolean {
  const violations = new Violations(runner);
  const wanted = signatureKey(signature);
  return (scenario) => {
    const violated = runner.run(scenario);
    return violated > 0 && violations.signatures(violated).some((found) => signatureKey(found) === wanted);
  };
}

/** The same of stories. */
export function storyFailsAs(runner: PlayRunner, signature: Signature): (story: Story) => boolean {
  const violations = new PlayViolations(runner);
  const wanted = signatureKey(signature);
  return (story) => violations.signatures(runner.run(story) ?? []).some((found) => signatureKey(found) === wanted);
}

/** Shrinks one failing story by itself: the predicate is "fails with this signature". */
import fc from 'fast-check';
import type { PlayRunner } from '../play/play-runner.js';
import { stories } from '../story/arbitrary.js';
import type { Story } from '../story/story.js';
import { storyFailsAs } from './fails-as.js';
import { type Signature, signatureKey } from './violation.js';

/**
 * The simplest story found that still fails with the signature.
 *
 * @throws Error if the story does not fail so: the tool would be broken
 */
export function shrinkStoryFailure(runner: PlayRunner, story: Story, signature: Signature): Story {
  const fails = storyFailsAs(runner, signature);
  const details = fc.check(
    fc.property(stories(runner.space), (candidate) => !fails(candidate)),
    { examples: [[story]], numRuns: 1, seed: 0 },
  );
  if (!details.failed || details.counterexample === null)
    throw new Error(`a failure of ${signatureKey(signature)} did not fail again`);
  return details.counterexample[0];
}

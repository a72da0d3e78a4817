/** Whether a selection of properties selects anything. */
import { UsageError } from '../errors.js';
import { shorten } from '../text/escape.js';
import { openRunner } from '../run/open-runner.js';
import { matchesGlob } from './targets/glob.js';
import type { AnyTarget } from '../run/target.js';

/**
 * A property that applies to none of the targets would be judged nowhere, and find nothing.
 *
 * @param globs as they were given with --property, each of which matches some property
 * @throws UsageError for the first that applies nowhere, with the reason of the first target
 */
export function requireApplicable(targets: readonly AnyTarget[], globs: readonly string[]): void {
  if (globs.length === 0) return;
  const stated = targets.flatMap((target) =>
    openRunner(target).properties.map(({ property, ...rest }) => ({
      target: target.name,
      name: property.name,
      ...rest,
    })),
  );
  for (const glob of globs) {
    const meant = stated.filter(({ name }) => matchesGlob(name, glob));
    if (meant.some(({ status }) => status !== 'not applicable')) continue;
    const [first] = meant;
    const why =
      first === undefined ? 'it is of another kind of code' : `${shorten(first.target)}: ${first.reason ?? ''}`;
    throw new UsageError(
      `--property ${shorten(glob)} applies to none of the selected targets (${why}); choose another property or target`,
    );
  }
}

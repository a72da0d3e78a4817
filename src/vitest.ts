/** `tdxfuzz/vitest`: a target as tests of @fast-check/vitest. vitest and @fast-check/vitest are optional peers, imported here alone. */
import { fc as peer, test } from '@fast-check/vitest';
import { describe } from 'vitest';
import { fc, type TdxOptions, type TdxProperty, tdxSuite, type TdxTarget, UsageError } from './index.js';

export interface DescribeOptions extends TdxOptions {
  /** Cases for each property; 1000 if not given. */
  numRuns?: number | undefined;
  /** Seed of fast-check; without one every run draws other cases, and prints its seed in the name of the test. */
  seed?: number | undefined;
  /** The path that a failing run printed, with its seed: repeats that one case. Of use with one `property` only. */
  path?: string | undefined;
  /** Milliseconds for each test; a minute if not given. */
  timeout?: number | undefined;
}

const RUNS = 1000;
const TIMEOUT = 60_000;

/**
 * One `describe` for a target with one test for each property. A property that does not apply is a skipped test that says
 * why; one that was in force in no case fails.
 *
 * @throws UsageError if something named does not exist, if no property can be judged, or if two copies of fast-check are installed
 * @throws ImageError if the image cannot be used
 */
export function describeTdx(target: TdxTarget, options: DescribeOptions = {}): void {
  requireOneFastCheck();
  const { numRuns = RUNS, seed, path, timeout = TIMEOUT } = options;
  const { title, properties } = tdxSuite(target, options);
  const given = { ...(seed !== undefined && { seed }), ...(path !== undefined && { path, endOnFailure: true }) };
  describe(title, () => {
    for (const property of properties) {
      if (property.status === 'not applicable')
        test.skip(`${property.name}: not applicable: ${property.reason}`, () => {});
      else
        test.prop([property.arbitrary], { numRuns, ...given, plugins: [property.report] })(
          nameOf(property),
          property.predicate,
          timeout,
        );
    }
  });
}

const nameOf = ({ name, status }: TdxProperty): string => (status === 'judged' ? name : `${name}: ${status}`);

/** Plugins and arbitraries of one copy of fast-check are strangers to another. */
function requireOneFastCheck(): void {
  if (peer.Arbitrary !== fc.Arbitrary)
    throw new UsageError(
      `two copies of fast-check: @fast-check/vitest has ${peer.__version}, tdxfuzz has ${fc.__version}; ` +
        `leave one with npm install --save-dev fast-check@${fc.__version}`,
    );
}

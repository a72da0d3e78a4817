/** One finding for one mistake: edited into the bytes of a sound stub, and in twins of programs; causes.deep.test.ts has pairs. */
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../package-info.js';
import { readManifest } from '../targets/manifest.js';
import { findingsOf, NAMES, PLACES } from './causes.test.helper.js';
import { fuzz } from './fuzz.js';
import { causesOfTarget } from './records/result.js';
import { brokenTarget, imageCache } from './targets/twin-targets.js';

describe('one finding for one mistake', () => {
  test('the function is found in its object, and has none as it is', async () => {
    expect(PLACES).toHaveLength(1);
    expect(await findingsOf([])).toEqual([]);
  });

  test.each(NAMES)('%s', async (mistake) => expect(await findingsOf([mistake])).toHaveLength(1));
});

/** Twins of programs whose one mistake shows in several values, each in a case of its own. */
const TWINS = ['seamcall-wrapper-6.8-later-tries-without-arguments', 'dispatcher-cpuid-edx-in-rdx'];

describe('one finding for one mistake in a program', () => {
  const root = packageRoot();
  const images = imageCache(root);
  test.each(TWINS)('%s', async (id) => {
    const twins = readManifest(root).filter((twin) => twin.id === id);
    const targets = twins.map((twin) => brokenTarget(twin, images));
    const { result } = await fuzz({ targets, seed: 'causes', budget: { runs: 400 }, workers: 1, examine: false });
    expect(result.targets[0].findings.length).toBeGreaterThan(1);
    expect(causesOfTarget(result.targets[0])).toHaveLength(1);
  });
});

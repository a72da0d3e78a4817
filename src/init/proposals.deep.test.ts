/** All idioms: what is proposed needs no edit, but for those that are listed with the reason. */
import { describe, expect, test } from 'vitest';
import { builtInStubs } from '../campaign/targets/built-in-targets.js';
import { readIdioms } from '../corpus/idioms.js';
import { packageRoot } from '../package-info.js';
import { EDITED, judged, proposedBy, proposedFor } from './proposals.test.helper.js';

const RUNS = 3000;
const idioms = readIdioms(packageRoot());

describe('a proposal', () => {
  test.each(idioms.filter(({ clean }) => !Object.hasOwn(EDITED, clean)))(
    'of $clean is silent on it, and finds $broken',
    async (idiom) => {
      const contract = await proposedFor(idiom, RUNS);
      const clean = await judged(idiom.cleanTarget, contract, RUNS);
      expect(clean.problem).toBeUndefined();
      expect(clean.findings.map(({ property, slot }) => `${property} ${slot}`)).toEqual([]);
      const broken = await judged(idiom.brokenTarget, contract, RUNS);
      expect(broken.findings.length).toBeGreaterThan(0);
    },
  );

  test.each(idioms.filter(({ clean }) => Object.hasOwn(EDITED, clean)))(
    'of $clean has a finding, and is not relaxed in silence',
    async (idiom) => {
      const { findings } = await judged(idiom.cleanTarget, await proposedFor(idiom, RUNS), RUNS);
      expect(findings.length).toBeGreaterThan(0);
    },
  );
});

describe('a proposal for a stub of Linux', () => {
  const stubs = builtInStubs().filter((target) => 'contract' in target);
  test.each(stubs)('of $name is silent on it', async (target) => {
    const { findings, problem } = await judged(target, proposedBy(target).contract, RUNS);
    expect(problem).toBeUndefined();
    expect(findings.map(({ property, slot }) => `${property} ${slot}`)).toEqual([]);
  });
});

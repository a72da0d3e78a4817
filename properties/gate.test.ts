/** The gate before a merge: the properties on the built-in targets, as tests of @fast-check/vitest. */
import { join } from 'node:path';
import { test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { builtInStubs } from '../src/campaign/targets/built-in-targets.js';
import { blockSeed } from '../src/campaign/blocks/seed.js';
import { createRunner } from '../src/run/open-runner.js';
import { packageRoot } from '../src/package-info.js';
import { tdxProperties } from '../src/suite/tdx-properties.js';
import { readManifest } from '../src/targets/manifest.js';

/** Cases for each property of each target. */
const CASES = 1000;

/** Unchanged code, unchanged verdict: the seed is the target's name. */
const seedOf = (name: string): number => blockSeed('gate', name, 0);

describe('the built-in targets keep every property', () => {
  for (const { name: target } of builtInStubs()) {
    describe(target, () => {
      for (const { name, arbitrary, predicate, report } of tdxProperties(target))
        test.prop([arbitrary], { numRuns: CASES, seed: seedOf(target), plugins: [report] })(name, predicate);
    });
  }
});

it('stands for ten targets, and judges something on each', () => {
  const runners = builtInStubs().map((target) => createRunner(target));
  expect(runners.length).toBeGreaterThanOrEqual(10);
  for (const runner of runners) {
    expect(runner.run(runner.space.neutral)).toBe(0);
    expect(runner.judge.inForce.reduce((sum, value) => sum + value, 0)).toBeGreaterThanOrEqual(7);
  }
});

describe('the gate fails on a broken twin, and says why', () => {
  const BROKEN: [id: string, messages: RegExp[]][] = [
    [
      'missing-scrub-r11-5.19',
      [
        /^missing_scrub_r11 \(linux-5\.19\/__tdx_hypercall\): scrubs-host-values\n/,
        /\n {2}clause {4}when\(.*independent\(final\.r11, host-values\)\)\n/,
        /\n {2}scenario {2}neutral: no value needs to differ\n/,
      ],
    ],
    [
      'failure-by-low-half-5.19',
      [
        /^failure_by_low_half \(linux-5\.19\/__tdx_hypercall\): stops-on-failure\n/,
        /\n {2}clause {4}when\(.*endedAs\(trapped, stopped\)\)\n/,
        /\n {2}scenario {2}neutral, but for:\n +answer\.status \(RAX of TDCALL\) +0x[1248]0*00000000\b.*\n {2}trace /,
      ],
    ],
  ];

  it.each(BROKEN)('%s', (id, messages) => {
    const twin = readManifest(packageRoot()).find((candidate) => candidate.id === id);
    if (twin === undefined) throw new Error(`no twin ${id}`);
    const image = join(packageRoot(), twin.object);
    const broken = tdxProperties({ image, symbol: twin.symbol, contract: twin.contract }).flatMap((property) => {
      try {
        property.assert({ numRuns: CASES, seed: seedOf(id) });
        return [];
      } catch (error) {
        return [(error as Error).message];
      }
    });
    expect(broken).toHaveLength(1 + twin.alsoBreaks.length);
    const [text] = broken.filter((message) => message.includes(`: ${twin.property}\n`));
    for (const message of messages) expect(text).toMatch(message);
  });
});

/** The gate before a merge: the properties on the built-in targets, as tests of @fast-check/vitest. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { builtInStubs } from '../src/campaign/built-in-targets.js';
import { blockSeed } from '../src/campaign/seed.js';
import { createRunner } from '../src/campaign/target.js';
import { builtInContract } from '../src/contract/find-contract.js';
import { parseImage } from '../src/image/load.js';
import type { CaseRunner } from '../src/judge/case-runner.js';
import { NO_VERDICT } from '../src/judge/case-runner.js';
import { packageRoot } from '../src/package-info.js';
import { scenarios } from '../src/scenario/arbitrary.js';
import { readSlot, type Scenario, SLOT_NAMES } from '../src/scenario/layout.js';
import { differingSlots } from '../src/scenario/shrink.js';
import { readManifest } from '../src/targets/manifest.js';

/** Cases for each target. */
const CASES = 1000;

/** @throws Error that names each violated property with its clause, and the values of the case that are not neutral */
function expectNoViolation(runner: CaseRunner, scenario: Scenario): void {
  const count = runner.run(scenario);
  if (count === 0) return;
  const slots = differingSlots(scenario, runner.space.neutral);
  const values = slots.map((slot) => `  ${SLOT_NAMES[slot]} = 0x${readSlot(scenario, slot).toString(16)}`);
  const broken =
    count === NO_VERDICT
      ? [`no verdict: ${runner.problem}`]
      : Array.from(runner.judge.violated.subarray(0, count), (index) => {
          const { property, text } = runner.judge.clauses[index];
          return `${property.name}: ${text}`;
        });
  const scene = values.length === 0 ? ['in the neutral case'] : ['with', ...values];
  throw new Error([`${runner.target.symbol} (${runner.compiled.id})`, ...broken, ...scene].join('\n'));
}

/** Unchanged code, unchanged verdict: the seed is the target's name. */
const seedOf = (name: string): number => blockSeed('gate', name, 0);

describe('the built-in targets keep every property', () => {
  for (const target of builtInStubs()) {
    const runner = createRunner(target);
    test.prop([scenarios(runner.space)], { numRuns: CASES, seed: seedOf(target.name) })(target.name, (scenario) =>
      expectNoViolation(runner, scenario),
    );
  }
});

it('stands for ten targets, and judges something on each', () => {
  const runners = builtInStubs().map((target) => createRunner(target));
  expect(runners.length).toBeGreaterThanOrEqual(10);
  for (const runner of runners) {
    expectNoViolation(runner, runner.space.neutral);
    expect(runner.judge.inForce.reduce((sum, value) => sum + value, 0)).toBeGreaterThanOrEqual(7);
  }
});

describe('the gate fails on a broken twin, and says why', () => {
  const BROKEN: [id: string, message: RegExp][] = [
    [
      'missing-scrub-r11-5.19',
      /^missing_scrub_r11 \(linux-5\.19\/__tdx_hypercall\)\nscrubs-host-values: when\(.*independent\(final\.r11, host-values\)\)\nin the neutral case$/,
    ],
    [
      'failure-by-low-half-5.19',
      /\nstops-on-failure: when\(.*endedAs\(trapped, stopped\)\)\n(.*\n)*with\n {2}answer\.status = 0x[1248]0*00000000$/,
    ],
  ];

  it.each(BROKEN)('%s', (id, message) => {
    const twin = readManifest(packageRoot()).find((candidate) => candidate.id === id);
    if (twin === undefined) throw new Error(`no twin ${id}`);
    const { set, contract } = builtInContract(twin.contract);
    const image = parseImage(readFileSync(join(packageRoot(), twin.object)), twin.object);
    const runner = createRunner({ name: id, symbol: twin.symbol, set: set.name, contract, image });
    const details = fc.check(
      fc.property(scenarios(runner.space), (scenario) => expectNoViolation(runner, scenario)),
      { numRuns: CASES, seed: seedOf(id) },
    );
    expect(details.failed).toBe(true);
    expect((details.errorInstance as Error).message).toMatch(message);
  });
});

import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { builtInStubs } from '../campaign/targets/built-in-targets.js';
import { createRunner } from '../run/open-runner.js';
import { createObservation, END, FACT } from '../observation/layout.js';
import { cases } from '../case/arbitrary.js';
import { caseSpaceOf } from '../scenario/case-space.js';

/** Every built-in target with one harness that was used before and is used again. */
const TARGETS = builtInStubs().map((target) => ({ target, runner: createRunner(target) }));

test.prop([fc.nat(TARGETS.length - 1), fc.integer(), fc.constantFrom(0 as const, 1 as const)], { numRuns: 150 })(
  'a run is a pure function: the same observation in a fresh harness, twice, and after other scenarios',
  (which, seed, memory) => {
    const { target, runner } = TARGETS[which];
    const drawn = fc.sample(cases(caseSpaceOf(runner.space)), { seed, numRuns: 6 });
    const [scenario, ...others] = drawn.map(([{ words }]) => words);
    const observe = ({ harness }: typeof runner): Int32Array => {
      const observation = createObservation();
      harness.run(scenario, memory, observation);
      return observation;
    };
    const untouched = scenario.slice();
    const fresh = observe(createRunner(target));
    expect(fresh[2 * FACT.end]).not.toBe(0);
    expect(fresh[2 * FACT.end]).not.toBe(END.unknown);
    expect(observe(runner)).toEqual(fresh);
    expect(observe(runner)).toEqual(fresh);
    const scratch = createObservation();
    for (const other of others) for (const either of [0, 1] as const) runner.harness.run(other, either, scratch);
    expect(observe(runner)).toEqual(fresh);
    // Stepping changes nothing but the time that it takes.
    const stepped = createObservation();
    runner.harness.run(scenario, memory, stepped, { before: () => undefined, after: () => undefined });
    expect(stepped).toEqual(fresh);
    expect(scenario).toEqual(untouched);
  },
);

test('what a buffer held before makes no difference', () => {
  const { runner } = TARGETS[0];
  const clean = createObservation();
  const dirty = createObservation().fill(-1);
  runner.harness.run(runner.space.neutral, 0, clean);
  runner.harness.run(runner.space.neutral, 0, dirty);
  expect(dirty).toEqual(clean);
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scenarios } from '../case/arbitrary.js';
import { readSlot, type Scenario, SLOT_NAMES, scenarioSlot, writeSlot } from './layout.js';
import { differingSlots, shrinkScenario } from './shrink.js';
import { spaceOf } from './spaces.test.helper.js';

const space = spaceOf('linux-5.19/__tdx_hypercall');
const arbitrary = scenarios(space);
const R12 = scenarioSlot('answer.r12');
const STATUS = scenarioSlot('answer.status');

/** More evaluations than any shrinking here needs: behind them nothing fails, so that none goes on for ever. */
const MOST_RUNS = 5000;

/** Holds but for a status with bit 3 set, together with an R12 that is not 0. */
function planted(): fc.IProperty<[Scenario]> {
  let runs = 0;
  return fc.property(
    arbitrary,
    (scenario) => ++runs > MOST_RUNS || (readSlot(scenario, STATUS) & 8n) === 0n || readSlot(scenario, R12) === 0n,
  );
}

describe('the arbitrary of scenarios', () => {
  it('gives the same values for the same seed, others for another', () => {
    const sample = (seed: number): Scenario[] => fc.sample(arbitrary, { seed, numRuns: 50 });
    expect(sample(3)).toEqual(sample(3));
    expect(sample(3)).not.toEqual(sample(4));
    expect(new Set(sample(3).map(String)).size).toBe(50);
  });

  it('takes any scenario of the layout as a start for shrinking, and nothing else', () => {
    expect(arbitrary.canShrinkWithoutContext(space.neutral)).toBe(true);
    for (const other of [undefined, [], new Int32Array(3), [...space.neutral], new Float64Array(space.neutral.length)])
      expect(arbitrary.canShrinkWithoutContext(other)).toBe(false);
  });

  it('shrinks to what shrinkScenario says, in its order, again from each', () => {
    const [scenario] = fc.sample(arbitrary, { seed: 1, numRuns: 1 });
    const values = [...arbitrary.shrink(scenario, undefined)].map(({ value }) => value);
    expect(values).toEqual([...shrinkScenario(scenario, space)]);
    expect(values.every((value) => arbitrary.canShrinkWithoutContext(value))).toBe(true);
  });

  it('shrinks a planted failure to its two values, in a bounded number of steps', () => {
    const details = fc.check(planted(), { seed: 1, numRuns: 1000 });
    expect(details.failed).toBe(true);
    const least = details.counterexample?.[0] ?? space.neutral;
    expect(differingSlots(least, space.neutral).map((slot) => SLOT_NAMES[slot])).toEqual([
      'answer.status',
      'answer.r12',
    ]);
    expect(readSlot(least, STATUS)).toBe(8n);
    expect(details.numShrinks).toBeLessThan(150);
  });

  it('is replayed by seed and path, without shrinking again', () => {
    const found = fc.check(planted(), { seed: 9, numRuns: 1000 });
    expect(found.counterexamplePath).not.toBeNull();
    const again = fc.check(planted(), { seed: 9, path: found.counterexamplePath ?? '', endOnFailure: true });
    expect(again.failed).toBe(true);
    expect(again.counterexample).toEqual(found.counterexample);
    expect(again.numShrinks).toBe(0);
  });

  it('shrinks a stored scenario that no stream gave', () => {
    const stored = space.neutral.slice();
    stored.fill(-1);
    const details = fc.check(planted(), { examples: [[stored]], numRuns: 1, seed: 0 });
    const least = details.counterexample?.[0] ?? stored;
    expect(readSlot(least, STATUS)).toBe(8n);
    // Nothing is known of a value that nobody interprets: it stays as it was stored.
    const expected = space.neutral.slice();
    writeSlot(expected, STATUS, 8n);
    writeSlot(expected, R12, 0xffffffff_ffffffffn);
    expect(least).toEqual(expected);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batches, batchOf, drawScenarios, type ScenarioBatch } from './batch.js';
import { readSlot, type Scenario, SLOT_NAMES, scenarioSlot } from './layout.js';
import { differingSlots, shrinkScenario } from './shrink.js';
import { spaceOf } from './spaces.test.helper.js';

const space = spaceOf('linux-5.19/__tdx_hypercall');
const arbitrary = batches(space, 100);
const R12 = scenarioSlot('answer.r12');
const STATUS = scenarioSlot('answer.status');

/** A status with bit 3 set, together with an R12 that is not 0. */
function isPlanted(scenario: Scenario): boolean {
  return (readSlot(scenario, STATUS) & 8n) !== 0n && readSlot(scenario, R12) !== 0n;
}

/** Holds for batches without a planted failure; counts how many scenarios it has looked at. */
function planted(looked = { scenarios: 0 }): fc.IProperty<[ScenarioBatch]> {
  return fc.property(arbitrary, (batch) => {
    const scenarios = batch.scenarios();
    looked.scenarios += scenarios.length;
    return !scenarios.some(isPlanted);
  });
}

describe('a stream of scenarios', () => {
  it('is what its four words say, and fewer are its beginning', () => {
    const all = drawScenarios(space, [1, 2, 3, 4], 50);
    expect(drawScenarios(space, [1, 2, 3, 4], 50)).toEqual(all);
    expect(drawScenarios(space, [1, 2, 3, 4], 7)).toEqual(all.slice(0, 7));
    expect(new Set(all.map(String)).size).toBe(50);
  });

  it.each([0, 1, 2, 3])('is another one when word %i differs in its lowest bit', (word) => {
    const words: [number, number, number, number] = [5, 6, 7, 8];
    const [first] = drawScenarios(space, words, 1);
    words[word] ^= 1;
    expect(differingSlots(drawScenarios(space, words, 1)[0], first).length).toBeGreaterThan(20);
  });

  it('has no two streams that run into one another', () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 40; seed++)
      for (const scenario of drawScenarios(space, [seed, 0, 0, 0], 40)) seen.add(String(scenario));
    expect(seen.size).toBe(1600);
  });
});

describe('the arbitrary of batches', () => {
  it('gives the same batches for the same seed, others for another', () => {
    const sample = (seed: number): Scenario[][] =>
      fc.sample(arbitrary, { seed, numRuns: 3 }).map((batch) => batch.scenarios());
    expect(sample(3)).toEqual(sample(3));
    expect(sample(3)).not.toEqual(sample(4));
    expect(sample(3).every((scenarios) => scenarios.length === 100)).toBe(true);
  });

  it('shrinks a batch to its scenarios, and a scenario as shrinkScenario says, lazily', () => {
    const [batch] = fc.sample(arbitrary, { seed: 1, numRuns: 1 });
    const single = [...arbitrary.shrink(batch, undefined)].map(({ value }) => value);
    expect(single.map((one) => one.scenarios())).toEqual(batch.scenarios().map((scenario) => [scenario]));
    const [scenario] = batch.scenarios();
    const simpler = [...arbitrary.shrink(batchOf(scenario), undefined)].map(({ value }) => value.scenarios()[0]);
    expect(simpler).toEqual([...shrinkScenario(scenario, space)]);
  });

  it('shrinks a planted failure to its two values, in a bounded number of steps', () => {
    const details = fc.check(planted(), { seed: 1, numRuns: 100 });
    expect(details.failed).toBe(true);
    const [least] = details.counterexample?.[0].scenarios() ?? [];
    expect(details.counterexample?.[0].count).toBe(1);
    expect(differingSlots(least, space.neutral).map((slot) => SLOT_NAMES[slot])).toEqual([
      'answer.status',
      'answer.r12',
    ]);
    expect(readSlot(least, STATUS)).toBe(8n);
    expect(details.numShrinks).toBeLessThan(150);
  });

  it('is replayed by seed and path to the same value, running nothing on the way', () => {
    const found = fc.check(planted(), { seed: 9, numRuns: 100 });
    const looked = { scenarios: 0 };
    const path = found.counterexamplePath ?? '';
    expect(path).not.toBe('');
    const again = fc.check(planted(looked), { seed: 9, path, endOnFailure: true });
    expect(again.failed).toBe(true);
    expect(again.counterexample?.[0].scenarios()).toEqual(found.counterexample?.[0].scenarios());
    expect(again.numShrinks).toBe(0);
    expect(looked.scenarios).toBe(1);
  });

  it('takes a batch of plain values as a start for shrinking', () => {
    const stored = space.neutral.slice();
    stored.fill(-1);
    const details = fc.check(planted(), { examples: [[batchOf(stored)]], numRuns: 1, seed: 0 });
    expect(readSlot(details.counterexample?.[0].scenarios()[0] ?? stored, STATUS)).toBe(8n);
    expect(arbitrary.canShrinkWithoutContext(batchOf(stored))).toBe(true);
    for (const other of [undefined, [], 3]) expect(arbitrary.canShrinkWithoutContext(other)).toBe(false);
  });
});

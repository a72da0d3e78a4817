import { describe, expect, it } from 'vitest';
import { drawScenarios, eachScenario } from './batch.js';
import type { Scenario } from './layout.js';
import { differingSlots, spaceOf } from './spaces.test.helper.js';

const space = spaceOf('linux-5.19/__tdx_hypercall');

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

  it('shows all of them in one place, numbered', () => {
    const places = new Set<Scenario>();
    const shown: [number, Scenario][] = [];
    eachScenario(space, [1, 2, 3, 4], 9, (scenario, index) => {
      places.add(scenario);
      shown.push([index, scenario.slice()]);
    });
    expect(places.size).toBe(1);
    expect(shown).toEqual(drawScenarios(space, [1, 2, 3, 4], 9).map((scenario, index) => [index, scenario]));
  });
});

/** The fast-check arbitrary of single scenarios: drawn from the mixture, shrunk to neutral first and then bit by bit. */
import type fc from 'fast-check';
import { drawScenarios } from './batch.js';
import { DrawnArbitrary } from './drawn-arbitrary.js';
import type { Scenario } from './layout.js';
import { shrinkScenario } from './shrink.js';
import type { ScenarioSpace } from './space.js';

/** Scenarios of one target. */
export function scenarios(space: ScenarioSpace): fc.Arbitrary<Scenario> {
  return new DrawnArbitrary({
    draw: (words) => drawScenarios(space, words, 1)[0],
    simpler: (scenario) => shrinkScenario(scenario, space),
    canShrink: (value): value is Scenario => value instanceof Int32Array && value.length === space.neutral.length,
  });
}

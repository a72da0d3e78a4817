/** The fast-check arbitrary of single scenarios: drawn from the mixture, shrunk to neutral first and then bit by bit. */
import fc from 'fast-check';
import { drawScenarios } from './batch.js';
import type { Scenario } from './layout.js';
import { shrinkScenario } from './shrink.js';
import type { ScenarioSpace } from './space.js';

class ScenarioArbitrary extends fc.Arbitrary<Scenario> {
  constructor(private readonly space: ScenarioSpace) {
    super();
  }

  override generate(mrng: fc.Random): fc.Value<Scenario> {
    const [scenario] = drawScenarios(this.space, [mrng.nextInt(), mrng.nextInt(), mrng.nextInt(), mrng.nextInt()], 1);
    return new fc.Value(scenario, undefined);
  }

  /** Every scenario of the layout can be shrunk: nothing but its values is needed. */
  override canShrinkWithoutContext(value: unknown): value is Scenario {
    return value instanceof Int32Array && value.length === this.space.neutral.length;
  }

  override shrink(value: Scenario): fc.Stream<fc.Value<Scenario>> {
    const { space } = this;
    function* values(): IterableIterator<fc.Value<Scenario>> {
      for (const simpler of shrinkScenario(value, space)) yield new fc.Value(simpler, undefined);
    }
    return fc.stream(values());
  }
}

/** Scenarios of one target. */
export function scenarios(space: ScenarioSpace): fc.Arbitrary<Scenario> {
  return new ScenarioArbitrary(space);
}

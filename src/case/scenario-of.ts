/** The scenario that a case file describes, on the neutral scenario of its contract. */
import { createScenario, type Scenario, scenarioSlot, writeSlot } from '../scenario/layout.js';
import type { StoredValues } from './case-file.js';

export function scenarioOf(file: StoredValues, neutral: Scenario): Scenario {
  const scenario = createScenario();
  scenario.set(neutral);
  for (const [name, value] of Object.entries(file.scenario)) writeSlot(scenario, scenarioSlot(name), BigInt(value));
  return scenario;
}

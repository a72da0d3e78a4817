/** Runs of a single function with every step recorded. */
import type { Harness } from '../harness/harness.js';
import type { CaseRunner } from '../judge/case-runner.js';
import { createObservation } from '../observation/layout.js';
import type { Scenario } from '../scenario/layout.js';
import { Recorder, type Step } from './trace.js';

/** Runs a scenario again with every step recorded. */
export function recordTrace(harness: Harness, scenario: Scenario, memory: 0 | 1): Step[] {
  const recorder = new Recorder((low, high) => harness.stage.holds(low, high));
  harness.run(scenario, memory, createObservation(), recorder);
  return recorder.steps;
}

/** Steps of companion G of the case that the runner ran last, if it had one. */
export function traceGuest({ context, harness, guestScenario }: CaseRunner): Step[] | undefined {
  return context.hasGuestCompanion ? recordTrace(harness, guestScenario, 1) : undefined;
}

/** Steps of companion H of the case that the runner ran last, if it had one. */
export function traceHost({ context, harness, hostScenario }: CaseRunner): Step[] | undefined {
  return context.hasHostCompanion ? recordTrace(harness, hostScenario, 0) : undefined;
}

/**
 * The unit of work: (tool version, target, block number, seed) -> a fixed number of cases from a fresh fast-check
 * stream. A pure function: who computes it, and in what order, changes nothing.
 */
import fc from 'fast-check';
import { type CaseRunner, NO_VERDICT } from '../judge/case-runner.js';
import { scenarios } from '../scenario/arbitrary.js';
import type { Scenario } from '../scenario/layout.js';
import { type Signature, signatureKey, Violations } from '../triage/violation.js';
import { ClassCounter } from './classes.js';
import { blockSeed } from './seed.js';

/** Cases in a block. */
export const BLOCK_CASES = 1000;

/** All hits of one signature in one block. */
export interface Failure {
  signature: Signature;
  hits: number;
  /** The first case that failed so: block, index in the block, and its values. */
  block: number;
  index: number;
  scenario: Scenario;
}

export interface BlockResult {
  block: number;
  cases: number;
  /** Machine runs, companions included. */
  executions: number;
  /** Per property of the runner's judge: cases in which any clause of it was in force. */
  inForce: number[];
  classes: Record<string, number>;
  failures: Failure[];
  /** A case that reached something that nothing models. */
  problem?: string;
}

/**
 * @param cases at most BLOCK_CASES; fewer are a prefix of the same stream
 */
export function runBlock(runner: CaseRunner, name: string, seed: string, block: number, cases: number): BlockResult {
  const classes = new ClassCounter(runner);
  const violations = new Violations(runner);
  const inForce = runner.judge.properties.map(() => 0);
  const failures = new Map<string, Failure>();
  const executionsBefore = runner.executions;
  let problem: string | undefined;
  let index = -1;
  const judgeOne = (scenario: Scenario): void => {
    index++;
    const violated = runner.run(scenario);
    if (violated === NO_VERDICT) {
      problem ??= runner.problem;
      return;
    }
    for (let property = 0; property < inForce.length; property++) inForce[property] += runner.judge.inForce[property];
    const signatures = violated === 0 ? [] : violations.signatures(violated);
    classes.count();
    for (const signature of signatures) {
      const key = signatureKey(signature);
      const failure = failures.get(key);
      if (failure === undefined) failures.set(key, { signature, hits: 1, block, index, scenario });
      else failure.hits++;
    }
  };
  const details = fc.check(fc.property(scenarios(runner.space), judgeOne), {
    seed: blockSeed(seed, name, block),
    numRuns: cases,
  });
  // The predicate never fails: whatever it throws is a defect of the tool.
  if (details.failed) throw details.errorInstance;
  return {
    block,
    cases,
    executions: runner.executions - executionsBefore,
    inForce,
    classes: classes.result(),
    failures: [...failures.values()],
    ...(problem !== undefined && { problem }),
  };
}

/**
 * The unit of work: (tool version, target, block number, seed) -> a fixed number of cases from a fresh fast-check
 * stream. A pure function: who computes it, in what order, and whether in bulk or one by one, changes nothing.
 */
import fc from 'fast-check';
import { BulkRunner } from '../bulk/bulk-runner.js';
import { BATCH_CASES } from '../bulk/layout.js';
import { type CaseRunner, NO_VERDICT } from '../judge/case-runner.js';
import { batches, eachScenario } from '../scenario/batch.js';
import type { StreamWords } from '../scenario/drawn-arbitrary.js';
import type { Scenario } from '../scenario/layout.js';
import { type Signature, signatureKey, Violations } from '../triage/violation.js';
import type { Story } from '../story/story.js';
import { ClassCounter } from './classes.js';
import { blockSeed } from './seed.js';

/** Cases in a block: many, because each is a message from a worker and a merge. */
export const BLOCK_CASES = 5000;

/** Cases of a target for which it is worth while to compile them: that takes as long as some thousand of them one by one. */
const HOT_CASES = 3000;

/** All hits of one signature in one block. */
export interface Failure {
  signature: Signature;
  hits: number;
  /** The first case that failed so: block, index in the block, and its values. */
  block: number;
  index: number;
  values: Scenario | Story;
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

/** How blocks are computed: in bulk once it pays off, always, or never. The results are the same. */
export type BulkMode = 'when hot' | 'always' | 'never';

/**
 * @param cases at most BLOCK_CASES; fewer are a prefix of the same stream
 */
export function runBlock(
  runner: CaseRunner,
  name: string,
  seed: string,
  block: number,
  cases: number,
  mode: BulkMode = 'when hot',
): BlockResult {
  const run = new BlockRun(runner, block, bulkOf(runner, mode, cases));
  let left = cases;
  const details = fc.check(
    fc.property(batches(runner.space, BATCH_CASES), ({ words }) => {
      if (words !== undefined) run.batch(words, Math.min(left, BATCH_CASES));
      left -= BATCH_CASES;
    }),
    { seed: blockSeed(seed, name, block), numRuns: Math.ceil(cases / BATCH_CASES) },
  );
  // The predicate never fails: whatever it throws is a defect of the tool.
  if (details.failed) throw details.errorInstance;
  return run.result();
}

interface Warmth {
  cases: number;
  /** Undefined before it was tried; null where the function cannot be translated, and stays with the reference. */
  bulk: BulkRunner | null | undefined;
}

const WARMTH = new WeakMap<CaseRunner, Warmth>();

function bulkOf(runner: CaseRunner, mode: BulkMode, cases: number): BulkRunner | undefined {
  if (mode === 'never') return undefined;
  let warmth = WARMTH.get(runner);
  if (warmth === undefined) WARMTH.set(runner, (warmth = { cases: 0, bulk: undefined }));
  warmth.cases += cases;
  if (mode !== 'always' && warmth.cases < HOT_CASES) return undefined;
  if (warmth.bulk === undefined) warmth.bulk = BulkRunner.of(runner) ?? null;
  else warmth.bulk = warmth.bulk?.extended() ?? null;
  return warmth.bulk ?? undefined;
}

/** One block on its way. */
class BlockRun {
  private readonly classes: ClassCounter;
  private readonly violations: Violations;
  private readonly inForce: number[];
  private readonly failures = new Map<string, Failure>();
  private readonly executionsBefore: number;
  private problem: string | undefined;
  /** Cases of the batches before. */
  private done = 0;

  constructor(
    private readonly runner: CaseRunner,
    private readonly block: number,
    private readonly bulk: BulkRunner | undefined,
  ) {
    this.classes = new ClassCounter(runner);
    this.violations = new Violations(runner);
    this.inForce = runner.judge.properties.map(() => 0);
    this.executionsBefore = runner.executions;
    bulk?.begin();
  }

  batch(words: StreamWords, count: number): void {
    const { bulk } = this;
    if (bulk === undefined) {
      eachScenario(this.runner.space, words, count, (scenario, index) => this.judge(scenario, index));
    } else {
      const { suspects, fresh } = bulk.run(words, count);
      for (const { path, rip, scenario } of fresh) this.classes.reach(path, rip, scenario);
      for (const { index, scenario } of suspects) this.judge(scenario, index);
    }
    this.done += count;
  }

  /** Runs and judges one case on the reference. The scenario's place is used again for the next one. */
  private judge(scenario: Scenario, index: number): void {
    const { runner, inForce } = this;
    const violated = runner.run(scenario);
    if (violated === NO_VERDICT) {
      this.problem ??= runner.problem;
      return;
    }
    for (let property = 0; property < inForce.length; property++) inForce[property] += runner.judge.inForce[property];
    const signatures = violated === 0 ? [] : this.violations.signatures(violated);
    this.classes.count();
    for (const signature of signatures) this.fail(signature, scenario, this.done + index);
  }

  private fail(signature: Signature, scenario: Scenario, index: number): void {
    const key = signatureKey(signature);
    const failure = this.failures.get(key);
    if (failure === undefined)
      this.failures.set(key, { signature, hits: 1, block: this.block, index, values: scenario.slice() });
    else failure.hits++;
  }

  result(): BlockResult {
    const { runner, bulk, inForce, classes, problem } = this;
    let executions = runner.executions - this.executionsBefore;
    if (bulk !== undefined) {
      const totals = bulk.totals();
      executions += totals.executions;
      for (let property = 0; property < inForce.length; property++) inForce[property] += totals.inForce[property];
      classes.addAll(bulk.classNames, totals.classes, totals.boundaries);
    }
    return {
      block: this.block,
      cases: this.done,
      executions,
      inForce,
      classes: classes.result(),
      failures: [...this.failures.values()],
      ...(problem !== undefined && { problem }),
    };
  }
}

/**
 * The unit of work: (tool version, target, block number, seed) -> a fixed number of cases from a fresh fast-check
 * stream. A pure function: who computes it, in what order, and whether in bulk or one by one, changes nothing.
 */
import fc from 'fast-check';
import { BulkRunner } from '../../bulk/bulk-runner.js';
import { BATCH_CASES } from '../../bulk/layout.js';
import { type CaseRunner, NO_VERDICT } from '../../judge/case-runner.js';
import { batches, eachScenario } from '../../scenario/batch.js';
import type { StreamWords } from '../../scenario/drawn-arbitrary.js';
import type { Scenario } from '../../scenario/layout.js';
import { Violations } from '../../triage/violation.js';
import { Dice } from '../../story/dice.js';
import type { Story } from '../../story/story.js';
import { ClassCounter } from './classes.js';
import type { Coverage } from './coverage.js';
import { type Failure, Failures } from './failures.js';
import type { Totals } from '../records/merge.js';
import { blockSeed } from './seed.js';
import { spliceScenario } from './splice-scenario.js';

/** Cases in a block: many, because each is a message from a worker and a merge. */
export const BLOCK_CASES = 5000;

/** Cases of a target for which it is worth while to compile them: that takes as long as some thousand of them one by one. */
const HOT_CASES = 3000;

/** What blocks are added up to. `executions` has companions, `inForce` counts per property of the runner's judge. */
export interface BlockResult extends Totals<Failure> {
  /**
   * Cases that reached something that no case before them did. Which case of several that is may differ between computing in
   * bulk and one by one; what they reach together does not.
   */
  witnesses: Witness[];
}

/** A case, and all that it reached. */
export interface Witness {
  values: Scenario | Story;
  coverage: Coverage;
}

/** A case of the corpus, from which others are made. */
export interface Parent {
  /** sha256 of its values: part of the seed. */
  digest: string;
  values: Scenario | Story;
}

/** What tells the stream of a block's cases from every other. */
export function streamSeed(seed: string, name: string, block: number, parent: Parent | undefined): number {
  return blockSeed(seed, parent === undefined ? name : `${name}\n${parent.digest}`, block);
}

/** How blocks are computed: in bulk once it pays off, always, or never. The results are the same. */
export type BulkMode = 'when hot' | 'always' | 'never';

/**
 * @param cases at most BLOCK_CASES; fewer are a prefix of the same stream
 * @param parent values from which the cases are made, one by one; absent: fresh cases
 */
export function runBlock(
  runner: CaseRunner,
  name: string,
  seed: string,
  block: number,
  cases: number,
  mode: BulkMode = 'when hot',
  parent?: Parent,
): BlockResult {
  const run = new BlockRun(runner, block, parent === undefined ? bulkOf(runner, mode, cases) : undefined);
  let left = cases;
  const details = fc.check(
    fc.property(batches(runner.space, BATCH_CASES), ({ words }) => {
      const count = Math.min(left, BATCH_CASES);
      if (words !== undefined && parent === undefined) run.batch(words, count);
      else if (words !== undefined) run.offspring(parent as Parent, words, count);
      left -= BATCH_CASES;
    }),
    { seed: streamSeed(seed, name, block, parent), numRuns: Math.ceil(cases / BATCH_CASES) },
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
  private readonly block: number;
  private readonly failures: Failures;
  private readonly executionsBefore: number;
  private problem: string | undefined;
  /** Cases of the batches before. */
  private done = 0;

  constructor(
    private readonly runner: CaseRunner,
    block: number,
    private readonly bulk: BulkRunner | undefined,
  ) {
    this.block = block;
    this.failures = new Failures(block);
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

  /** Cases that are made of one that is there. */
  offspring(parent: Parent, words: StreamWords, count: number): void {
    const { space } = this.runner;
    const dice = new Dice(words);
    eachScenario(space, words, count, (donor, index) =>
      this.judge(spliceScenario(space, parent.values as Scenario, donor, dice), index),
    );
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
    this.failures.add(signatures, this.done + index, () => scenario.slice());
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
      cases: this.done,
      executions,
      inForce,
      classes: classes.result(),
      coverage: classes.coverage(),
      witnesses: classes.witnesses,
      failures: this.failures.list(),
      ...(problem !== undefined && { problem: { text: problem, block: this.block } }),
    };
  }
}

/**
 * The unit of work: (tool version, target, block number, seed) -> a fixed number of cases from a fresh fast-check
 * stream. A pure function: who computes it, in what order, and whether in bulk or one by one, changes nothing.
 */
import fc from 'fast-check';
import { type Case, copyCase } from '../../case/case.js';
import { Dice } from '../../case/dice.js';
import { DrawnArbitrary, type StreamWords } from '../../case/drawn-arbitrary.js';
import { spliceCase } from '../../case/splice.js';
import type { LaneMode, Lane, Runner } from '../../run/runner.js';
import { Signatures } from '../../finding/signature.js';
import type { Totals } from '../records/merge.js';
import { ClassCounter } from './classes.js';
import type { Coverage } from '../records/coverage.js';
import { type Failure, Failures } from './failures.js';
import { Reach } from './reach.js';
import { blockSeed } from './seed.js';

/** Cases in a block: many, because each is a message from a worker and a merge. */
export const BLOCK_CASES = 5000;

/** Cases that follow from one draw of fast-check. */
const BATCH_CASES = 250;

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
  values: Case;
  coverage: Coverage;
}

/** A case of the corpus, from which others are made. */
export interface Parent {
  /** sha256 of its values: part of the seed. */
  digest: string;
  values: Case;
}

/** What tells the stream of a block's cases from every other. */
export function streamSeed(seed: string, name: string, block: number, parent: Parent | undefined): number {
  return blockSeed(seed, parent === undefined ? name : `${name}\n${parent.digest}`, block);
}

/** The four words from which the cases of a batch follow. Nothing shrinks here: what fails is shrunk by itself. */
export const WORDS = new DrawnArbitrary<StreamWords>({
  draw: (words) => words,
  *simpler() {},
  canShrink: (value): value is StreamWords => Array.isArray(value),
});

/**
 * @param cases at most BLOCK_CASES; fewer are a prefix of the same stream
 * @param parent values from which the cases are made, one by one; absent: fresh cases
 */
export function runBlock(
  runner: Runner,
  seed: string,
  block: number,
  cases: number,
  mode: LaneMode = 'when hot',
  parent?: Parent,
): BlockResult {
  const run = new BlockRun(runner, block, parent === undefined ? runner.lane(mode, cases) : undefined);
  let left = cases;
  const details = fc.check(
    fc.property(WORDS, (words) => {
      const count = Math.min(left, BATCH_CASES);
      if (parent === undefined) run.batch(words, count);
      else run.offspring(parent, words, count);
      left -= count;
    }),
    { seed: streamSeed(seed, runner.target.name, block, parent), numRuns: Math.ceil(cases / BATCH_CASES) },
  );
  // The predicate never fails: whatever it throws is a defect of the tool.
  if (details.failed) throw details.errorInstance;
  return run.result();
}

/** One block on its way. */
class BlockRun {
  private readonly reach: Reach;
  private readonly classes: ClassCounter;
  private readonly signatures: Signatures;
  private readonly inForce: number[];
  private readonly failures: Failures;
  private readonly executionsBefore: number;
  private problem: string | undefined;
  /** Cases of the batches before. */
  private done = 0;

  constructor(
    private readonly runner: Runner,
    private readonly block: number,
    private readonly lane: Lane | undefined,
  ) {
    this.failures = new Failures(block);
    this.reach = new Reach(runner);
    this.classes = new ClassCounter(runner);
    this.signatures = new Signatures(runner);
    this.inForce = runner.properties.map(() => 0);
    this.executionsBefore = runner.executions;
    lane?.begin();
  }

  batch(words: StreamWords, count: number): void {
    const { lane, runner } = this;
    if (lane === undefined) {
      runner.space.each(words, count, (values, index) => this.judge(values, index));
    } else {
      const { suspects, fresh } = lane.run(words, count);
      for (const { ways, values } of fresh) this.reach.add(ways, values);
      for (const { index, values } of suspects) this.judge(values, index);
    }
    this.done += count;
  }

  /** Cases that are made of one that is there. */
  offspring(parent: Parent, words: StreamWords, count: number): void {
    const { space } = this.runner;
    const dice = new Dice(words);
    space.each(words, count, (donor, index) => this.judge(spliceCase(space, parent.values, donor, dice), index));
    this.done += count;
  }

  /** Runs and judges one case on the reference. The case's place is used again for the next one. */
  private judge(values: Case, index: number): void {
    const { runner, inForce } = this;
    const violations = runner.run(values);
    if (violations === undefined) {
      this.problem ??= runner.problem;
      return;
    }
    for (let property = 0; property < inForce.length; property++) inForce[property] += runner.inForce[property];
    this.classes.count();
    this.reach.note(values);
    if (violations.length > 0)
      this.failures.add(this.signatures.of(violations), this.done + index, () => copyCase(values));
  }

  result(): BlockResult {
    const { runner, lane, inForce, classes, reach, problem, block } = this;
    let executions = runner.executions - this.executionsBefore;
    if (lane !== undefined) {
      const totals = lane.totals();
      executions += totals.executions;
      for (let property = 0; property < inForce.length; property++) inForce[property] += totals.inForce[property];
      classes.addAll(lane.classNames, totals.classes, totals.boundaries);
    }
    const coverage = reach.coverage();
    return {
      cases: this.done,
      executions,
      inForce,
      classes: classes.result(coverage),
      coverage,
      witnesses: reach.witnesses,
      failures: this.failures.list(),
      ...(problem !== undefined && { problem: { text: problem, block } }),
    };
  }
}

/** The unit of work for programs: a fixed number of stories from a fresh fast-check stream, a pure function as for stubs. */
import fc from 'fast-check';
import type { PlayRunner } from '../../play/play-runner.js';
import { Dice } from '../../story/dice.js';
import { spliceStory } from '../../story/splice.js';
import { drawStory, type Story } from '../../story/story.js';
import { PlayViolations } from '../../triage/play-violations.js';
import { type BlockResult, type Parent, streamSeed } from './block.js';
import { Failures } from './failures.js';
import { PlayCoverage } from './play-coverage.js';

/** Stories that follow from one draw of fast-check, as for stubs. */
const BATCH_STORIES = 250;

/** @param cases at most BLOCK_CASES; fewer are a prefix of the same stream */
export function runProgramBlock(
  runner: PlayRunner,
  name: string,
  seed: string,
  block: number,
  cases: number,
  parent?: Parent,
): BlockResult {
  const run = new ProgramBlockRun(runner, block);
  let left = cases;
  const word = fc.noBias(fc.integer());
  const details = fc.check(
    fc.property(word, word, word, word, (a, b, c, d) => {
      const dice = new Dice([a, b, c, d]);
      for (let index = 0; index < BATCH_STORIES && left > 0; index++, left--)
        run.judge(
          parent === undefined
            ? drawStory(runner.space, dice)
            : spliceStory(runner.space, parent.values as Story, dice),
        );
    }),
    { seed: streamSeed(seed, name, block, parent), numRuns: Math.ceil(cases / BATCH_STORIES) },
  );
  // The predicate never fails: whatever it throws is a defect of the tool.
  if (details.failed) throw details.errorInstance;
  return run.result();
}

class ProgramBlockRun {
  private readonly violations: PlayViolations;
  private readonly inForce: number[];
  private readonly failures: Failures;
  private readonly classes: Record<string, number>;
  private readonly executionsBefore: number;
  private readonly covered: PlayCoverage;
  private problem: string | undefined;
  private done = 0;

  constructor(
    private readonly runner: PlayRunner,
    private readonly block: number,
  ) {
    this.violations = new PlayViolations(runner);
    this.failures = new Failures(block);
    this.inForce = runner.judge.properties.map(() => 0);
    this.classes = Object.fromEntries(runner.session.classes.map(({ name }) => [name, 0]));
    this.executionsBefore = runner.executions;
    this.covered = new PlayCoverage(runner);
  }

  judge(story: Story): void {
    const { runner, inForce, classes } = this;
    const index = this.done++;
    const violations = runner.run(story);
    if (violations === undefined) {
      this.problem ??= runner.play.problem;
      return;
    }
    for (let property = 0; property < inForce.length; property++) inForce[property] += runner.judge.inForce[property];
    this.covered.note();
    for (const { name, holds } of runner.session.classes) if (holds(runner.play)) classes[name]++;
    if (violations.length === 0) return;
    this.failures.add(this.violations.signatures(violations), index, () => story);
  }

  result(): BlockResult {
    const { runner, block, done, inForce, classes, failures, problem } = this;
    return {
      cases: done,
      executions: runner.executions - this.executionsBefore,
      inForce,
      classes,
      coverage: this.covered.coverage(),
      failures: failures.list(),
      witnesses: this.covered.witnesses,
      ...(problem !== undefined && { problem: { text: problem, block } }),
    };
  }
}

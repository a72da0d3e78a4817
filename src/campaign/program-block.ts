/** The unit of work for programs: a fixed number of stories from a fresh fast-check stream, a pure function as for stubs. */
import fc from 'fast-check';
import type { PlayRunner } from '../play/play-runner.js';
import { Dice } from '../story/dice.js';
import { drawStory, type Story } from '../story/story.js';
import { PlayViolations } from '../triage/play-violations.js';
import { type Signature, signatureKey } from '../triage/violation.js';
import type { BlockResult, Failure } from './block.js';
import { PlayCoverage } from './play-coverage.js';
import { blockSeed } from './seed.js';

/** Stories that follow from one draw of fast-check, as for stubs. */
const BATCH_STORIES = 250;

/** @param cases at most BLOCK_CASES; fewer are a prefix of the same stream */
export function runProgramBlock(
  runner: PlayRunner,
  name: string,
  seed: string,
  block: number,
  cases: number,
): BlockResult {
  const run = new ProgramBlockRun(runner, block);
  let left = cases;
  const word = fc.noBias(fc.integer());
  const details = fc.check(
    fc.property(word, word, word, word, (a, b, c, d) => {
      const dice = new Dice([a, b, c, d]);
      for (let index = 0; index < BATCH_STORIES && left > 0; index++, left--) run.judge(drawStory(runner.space, dice));
    }),
    { seed: blockSeed(seed, name, block), numRuns: Math.ceil(cases / BATCH_STORIES) },
  );
  // The predicate never fails: whatever it throws is a defect of the tool.
  if (details.failed) throw details.errorInstance;
  return run.result();
}

class ProgramBlockRun {
  private readonly violations: PlayViolations;
  private readonly inForce: number[];
  private readonly failures = new Map<string, Failure>();
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
    // One failure of a signature in a case, however many clauses have it.
    const signatures = new Map(this.violations.signatures(violations).map((found) => [signatureKey(found), found]));
    for (const [key, signature] of signatures) this.fail(key, signature, story, index);
  }

  private fail(key: string, signature: Signature, values: Story, index: number): void {
    const failure = this.failures.get(key);
    if (failure === undefined) this.failures.set(key, { signature, hits: 1, block: this.block, index, values });
    else failure.hits++;
  }

  result(): BlockResult {
    const { runner, block, done, inForce, classes, failures, problem } = this;
    return {
      cases: done,
      executions: runner.executions - this.executionsBefore,
      inForce,
      classes,
      coverage: this.covered.coverage(),
      failures: [...failures.values()],
      ...(problem !== undefined && { problem: { text: problem, block } }),
    };
  }
}

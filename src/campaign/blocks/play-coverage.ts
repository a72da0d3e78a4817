/** What the plays of one block reached. A way through the code that was traced once is known by its hash from then on. */
import type { Observed } from '../../play/call.js';
import type { PlayRunner } from '../../play/play-runner.js';
import type { ProgramStage } from '../../stage/program-stage.js';
import { tracePlay } from '../../triage/play-trace.js';
import type { Witness } from './block.js';
import { type Coverage, CoverageSet } from './coverage.js';

/** Multiplier of the low half of the machine's path hash (src/x86/interpreter.ts): each instruction is a step of a polynomial. */
const PATH_MULTIPLIER = 0x9e3779b1;

export class PlayCoverage {
  private readonly covered: CoverageSet;

  private readonly entry: bigint;
  /** Ways and states of the plays before. */
  private readonly seen = new Set<string>();
  /** Stories that reached something new. */
  readonly witnesses: Witness[] = [];

  constructor(private readonly runner: PlayRunner) {
    this.entry = runner.session.stages[0].addressOf(runner.contract.symbol);
    this.covered = new CoverageSet(this.entry);
  }

  /** Notes the play that the runner played last. */
  note(): void {
    const { play } = this.runner;
    const known = waysOf(this.runner);
    let before: string | undefined;
    const ways: Way[] = [];
    const last = new Map<ProgramStage, Observed>();
    const states: string[] = [];
    for (const { observed } of play.entries) {
      if (observed === undefined) continue;
      states.push(before === undefined ? observed.moment : `${before}, then ${observed.moment}`);
      before = observed.moment;
      ways.push(wayOf(observed, last.get(observed.stage)));
      last.set(observed.stage, observed);
    }
    // Most plays go ways that others of the block went before.
    const isNew = ways.some(({ key }) => !this.seen.has(key)) || states.some((state) => !this.seen.has(state));
    if (!isNew) return;
    if (ways.some(({ key }) => !known.has(key))) this.trace(ways, known);
    const own = new CoverageSet(this.entry);
    for (const { key } of ways) {
      this.seen.add(key);
      const onWay = known.get(key);
      if (onWay !== undefined) own.add(onWay);
    }
    for (const state of states) {
      this.seen.add(state);
      own.addState(state);
    }
    const coverage = own.coverage();
    if (this.covered.add(coverage) > 0) this.witnesses.push({ values: play.story, coverage });
  }

  /** Traces the play again and remembers what each way covered. */
  private trace(ways: readonly Way[], known: Map<string, Coverage>): void {
    const { play } = this.runner;
    const trace = tracePlay(this.runner, play.story);
    for (const { key, stage, from, to } of ways) {
      const steps = trace.get(stage)?.steps ?? [];
      const onWay = new CoverageSet(this.entry);
      onWay.addSteps(steps.filter(({ executed }) => executed >= from && executed < to));
      known.set(key, onWay.coverage());
    }
    // Tracing played the story again: the runner's last play must stay what it was.
    this.runner.play = play;
  }

  coverage(): Coverage {
    return this.covered.coverage();
  }
}

/** From one exchange to the next on one machine. */
interface Way {
  key: string;
  stage: ProgramStage;
  /** Instructions that the machine had executed before, and by its end. */
  from: number;
  to: number;
}

function wayOf(observed: Observed, before: Observed | undefined): Way {
  const [from, to] = [before?.instructions ?? 0, observed.instructions];
  // The hash of the way alone: what came before is taken out of the polynomial.
  const low = (observed.pathLow - Math.imul(before?.pathLow ?? 0, power(PATH_MULTIPLIER, to - from))) | 0;
  return { key: `${low} ${to - from} ${observed.at}`, stage: observed.stage, from, to };
}

function power(base: number, exponent: number): number {
  let result = 1;
  for (let square = base, left = exponent; left > 0; left >>>= 1, square = Math.imul(square, square))
    if ((left & 1) === 1) result = Math.imul(result, square);
  return result;
}

const WAYS = new WeakMap<PlayRunner, Map<string, Coverage>>();

function waysOf(runner: PlayRunner): Map<string, Coverage> {
  let ways = WAYS.get(runner);
  if (ways === undefined) WAYS.set(runner, (ways = new Map()));
  return ways;
}

/** What the cases of one block reached. A way through the code that was traced once is known by its key from then on. */
import { type Case, copyCase } from '../../case/case.js';
import type { Runner, Way } from '../../run/runner.js';
import type { Witness } from './block.js';
import { type Coverage, CoverageSet } from '../records/coverage.js';

export class Reach {
  private readonly covered: CoverageSet;
  /** Ways and states of the cases before. */
  private readonly seen = new Set<string>();
  /** The same as the runner's numbers. */
  private readonly numbers: boolean[] = [];
  /** Cases that reached something new, in the order in which they were noted. */
  readonly witnesses: Witness[] = [];

  constructor(private readonly runner: Runner) {
    this.covered = new CoverageSet(runner.entry);
  }

  /** Notes the case that the runner ran last. */
  note(values: Case): void {
    // Most cases go ways that others of the block went before.
    if (this.isKnown()) return;
    const { ways, states } = this.runner;
    if (ways.every(({ key }) => this.seen.has(key)) && states.every((state) => this.seen.has(state))) return;
    this.add(ways, values, states);
  }

  /** Whether the runner's numbers say that nothing of it is new; they are noted. */
  private isKnown(): boolean {
    const { reachNumbers } = this.runner;
    if (reachNumbers === undefined) return false;
    let known = true;
    for (const number of reachNumbers) {
      if (this.numbers[number]) continue;
      this.numbers[number] = true;
      known = false;
    }
    return known;
  }

  /** @param values a case that goes these ways */
  add(ways: readonly Way[], values: Case, states: readonly string[] = []): void {
    const known = waysOf(this.runner);
    if (ways.some(({ key }) => !known.has(key))) this.trace(ways, values, known);
    if (this.isCovered(ways, states, known)) return;
    const own = new CoverageSet(this.runner.entry);
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
    if (this.covered.add(coverage) > 0) this.witnesses.push({ values: copyCase(values), coverage });
  }

  /** Whether others have reached all of it, on ways of their own; then these are noted, and it is no witness. */
  private isCovered(ways: readonly Way[], states: readonly string[], known: ReadonlyMap<string, Coverage>): boolean {
    if (!states.every((state) => this.covered.hasState(state))) return false;
    for (const { key } of ways) {
      const onWay = this.seen.has(key) ? undefined : known.get(key);
      if (onWay !== undefined && !this.covered.includes(onWay)) return false;
    }
    for (const { key } of ways) this.seen.add(key);
    for (const state of states) this.seen.add(state);
    return true;
  }

  /** Traces the case again and remembers what each way covers. */
  private trace(ways: readonly Way[], values: Case, known: Map<string, Coverage>): void {
    const machines = this.runner.traceMachines(values);
    for (const { key, machine, from, to } of ways) {
      const onWay = new CoverageSet(this.runner.entry);
      onWay.addSteps(machines[machine].filter(({ executed }) => executed >= from && executed < to));
      known.set(key, onWay.coverage());
    }
  }

  coverage(): Coverage {
    return this.covered.coverage();
  }
}

/** All that one case reaches; what has no verdict reaches nothing. */
export function reachOf(runner: Runner, values: Case): Coverage {
  const reach = new Reach(runner);
  if (runner.run(values) !== undefined) reach.note(values);
  return reach.coverage();
}

const WAYS = new WeakMap<Runner, Map<string, Coverage>>();

function waysOf(runner: Runner): Map<string, Coverage> {
  let ways = WAYS.get(runner);
  if (ways === undefined) WAYS.set(runner, (ways = new Map()));
  return ways;
}

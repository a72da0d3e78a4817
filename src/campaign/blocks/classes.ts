/**
 * The mix of a run, shown so that nobody takes a pass for more than it is: how many cases each class had. A class that
 * no case fell into is "not exercised".
 */
import type { CaseRunner } from '../../judge/case-runner.js';
import { FACT, MOMENT, RIP_OFFSET, slotValue } from '../../observation/layout.js';
import { FAULT, PLACE_NAMES, type Scenario, SLOT } from '../../scenario/layout.js';
import { recordTrace } from '../../triage/trace.js';
import type { Witness } from './block.js';
import { CALL_CLASSES, type CallClasses } from './call-classes.js';
import { type Coverage, CoverageSet } from './coverage.js';

export class ClassCounter {
  private readonly counts = new Map<string, number>();
  private readonly paths = new Set<string>();
  private readonly boundaries = new Map<number, number>();
  private readonly covered: CoverageSet;
  private readonly ofCall: CallClasses;
  /** Cases that reached something new, in the order in which they were noted. */
  readonly witnesses: Witness[] = [];

  constructor(private readonly runner: CaseRunner) {
    this.covered = new CoverageSet(runner.target.entry);
    this.ofCall = CALL_CLASSES[runner.compiled.contract.instruction](runner);
    for (const name of this.names()) this.counts.set(name, 0);
  }

  /** Classes that the contract gives rise to, whether or not a case fell into them. */
  private names(): string[] {
    const { compiled } = this.runner;
    const names = ['no fault', 'interrupt delivered', 'NMI delivered', 'IF set at entry', 'IF clear at entry'];
    for (const flag of compiled.flagBits.keys()) names.push(`${flag} set`, `${flag} clear`);
    if (compiled.blockParameter !== undefined) names.push(...PLACE_NAMES.map((place) => `block ${place}`));
    names.push(...this.ofCall.names());
    return names;
  }

  /** Counts the case that the runner ran last. */
  count(): void {
    const { context } = this.runner;
    const { base, scenario } = context;
    this.countFault();
    this.add((scenario[2 * SLOT.entryFlags] & 0x200) !== 0 ? 'IF set at entry' : 'IF clear at entry');
    const { compiled } = this.runner;
    for (const [flag, bit] of compiled.flagBits)
      this.add((context.flags & bit) !== 0 ? `${flag} set` : `${flag} clear`);
    if (compiled.blockParameter !== undefined)
      this.add(`block ${PLACE_NAMES[scenario[2 * SLOT.blockPlace]] ?? 'valid'}`);
    if (base[2 * FACT.calls] > 0) this.ofCall.count((name) => this.add(name));
    const path = slotValue(base, FACT.path);
    const rip = slotValue(base, MOMENT.final + RIP_OFFSET);
    this.reach(path, rip, scenario);
  }

  /** Adds what was counted elsewhere: cases per class, and interrupts by the offset of the instruction before which they came. */
  addAll(names: readonly string[], counts: Int32Array, interrupts: Int32Array): void {
    names.forEach((name, index) => {
      if (counts[index] > 0) this.counts.set(name, (this.counts.get(name) ?? 0) + counts[index]);
    });
    const entry = Number(this.runner.target.entry & 0xffffffffn) | 0;
    interrupts.forEach((count, offset) => {
      if (count > 0) this.interrupted((entry + offset) | 0, count);
    });
  }

  private countFault(): void {
    const { context, interruptedAt } = this.runner;
    const kind = context.scenario[2 * SLOT.faultKind];
    if (interruptedAt === 0) return this.add(kind === FAULT.none ? 'no fault' : 'interrupt never deliverable');
    this.add(kind === FAULT.nmi ? 'NMI delivered' : 'interrupt delivered');
    this.interrupted(interruptedAt, 1);
  }

  private interrupted(at: number, count: number): void {
    this.boundaries.set(at, (this.boundaries.get(at) ?? 0) + count);
  }

  /**
   * Notes the instructions of a path. Hash and end determine them, so each path is traced once for a runner.
   *
   * @param path hash of the base run
   * @param rip where it ended
   * @param scenario a case that takes the path
   */
  reach(path: bigint, rip: bigint, scenario: Scenario): void {
    const key = `${path} ${rip}`;
    if (this.paths.has(key)) return;
    this.paths.add(key);
    const known = pathsOf(this.runner);
    let onPath = known.get(key);
    if (onPath === undefined) {
      const covered = new CoverageSet(this.runner.target.entry);
      covered.addSteps(recordTrace(this.runner.harness, scenario, 0).steps);
      known.set(key, (onPath = covered.coverage()));
    }
    if (this.covered.add(onPath) > 0) this.witnesses.push({ values: scenario.slice(), coverage: onPath });
  }

  private add(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  /** What the paths that were noted covered. */
  coverage(): Coverage {
    return this.covered.coverage();
  }

  /** Class -> cases, in a fixed order; a boundary is an instruction of the function that was executed. */
  result(): Record<string, number> {
    const { target, size } = this.runner;
    const entry = Number(target.entry & 0xffffffffn) | 0;
    const result: Record<string, number> = Object.fromEntries(this.counts);
    for (const offset of this.coverage().reached) {
      if (offset < 0 || offset >= size) continue;
      result[`interrupted at +0x${offset.toString(16)}`] = this.boundaries.get((entry + offset) | 0) ?? 0;
    }
    return result;
  }
}

/** Path -> what it covers. */
const PATHS = new WeakMap<CaseRunner, Map<string, Coverage>>();

function pathsOf(runner: CaseRunner): Map<string, Coverage> {
  let paths = PATHS.get(runner);
  if (paths === undefined) PATHS.set(runner, (paths = new Map()));
  return paths;
}

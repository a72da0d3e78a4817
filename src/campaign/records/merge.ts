/**
 * The merge of blocks, in whatever order they come: sums, and the earliest of what is reported once. The result of a
 * target does not depend on who computed which block, and takes no more memory for more blocks.
 */
import { type Coverage, CoverageSet } from './coverage.js';
import { type Signature, signatureKey } from '../../finding/signature.js';

/** All hits of one signature, and where the first of them was. */
export interface FailureTotals {
  signature: Signature;
  hits: number;
  block: number;
  index: number;
  /** Other signatures that every one of these cases showed as well: causeKey, sorted. */
  together: string[];
}

/** Consecutive blocks of one target, added up. */
export interface Totals<F extends FailureTotals = FailureTotals> {
  cases: number;
  executions: number;
  inForce: number[];
  classes: Record<string, number>;
  coverage: Coverage;
  /** One per signature, with all hits and the earliest case, in the order of that case. */
  failures: F[];
  /** The earliest. */
  problem?: { text: string; block: number };
}

/** Prefix of the classes that are instructions, which are listed by offset. */
const BOUNDARY = /^interrupted at \+0x([0-9a-f]+)$/;

export class Merge<F extends FailureTotals = FailureTotals> {
  private cases = 0;
  private executions = 0;
  private readonly inForce: number[] = [];
  private readonly classes = new Map<string, number>();
  private readonly failures = new Map<string, F>();
  private problem: { text: string; block: number } | undefined;

  /** Offsets are relative to the target's entry, so that the entry itself does not matter here. */
  private readonly covered = new CoverageSet(0n);

  add(result: Totals<F>): void {
    this.covered.add(result.coverage);
    this.cases += result.cases;
    this.executions += result.executions;
    result.inForce.forEach((count, property) => (this.inForce[property] = (this.inForce[property] ?? 0) + count));
    for (const [name, count] of Object.entries(result.classes))
      this.classes.set(name, (this.classes.get(name) ?? 0) + count);
    const { problem } = result;
    if (problem !== undefined && (this.problem === undefined || problem.block < this.problem.block))
      this.problem = problem;
    for (const failure of result.failures) this.addFailure(failure);
  }

  private addFailure(failure: F): void {
    const key = signatureKey(failure.signature);
    const known = this.failures.get(key);
    const earlier = known === undefined || compareCases(failure, known) < 0;
    const first = earlier ? failure : known;
    const both = known === undefined ? undefined : new Set(known.together);
    const together = both === undefined ? failure.together : failure.together.filter((name) => both.has(name));
    this.failures.set(key, { ...first, together, hits: failure.hits + (known?.hits ?? 0) });
  }

  totals(): Totals<F> {
    const { cases, executions, inForce, problem } = this;
    return {
      cases,
      executions,
      inForce: [...inForce],
      classes: Object.fromEntries([...this.classes].sort(([a], [b]) => boundary(a) - boundary(b))),
      coverage: this.covered.coverage(),
      failures: [...this.failures.values()].sort((a, b) => compareCases(a, b) || compareKeys(a, b)),
      ...(problem !== undefined && { problem }),
    };
  }
}

/** Offset of the instruction; -1 for every other class. */
function boundary(name: string): number {
  const offset = BOUNDARY.exec(name)?.[1];
  return offset === undefined ? -1 : Number.parseInt(offset, 16);
}

function compareCases(a: FailureTotals, b: FailureTotals): number {
  return a.block - b.block || a.index - b.index;
}

function compareKeys(a: FailureTotals, b: FailureTotals): number {
  const left = signatureKey(a.signature);
  const right = signatureKey(b.signature);
  return left < right ? -1 : left > right ? 1 : 0;
}

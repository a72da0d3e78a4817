/**
 * The merge of blocks, in whatever order they come: sums, and the earliest of what is reported once. The result of a
 * target does not depend on who computed which block, and takes no more memory for more blocks.
 */
import type { BlockResult, Failure } from './block.js';
import { type Coverage, CoverageSet } from './coverage.js';
import { signatureKey } from '../triage/violation.js';

export interface TargetTotals {
  cases: number;
  executions: number;
  blocks: number;
  inForce: number[];
  classes: Record<string, number>;
  coverage: Coverage;
  /** One per signature, with all hits and the earliest case, in the order of that case. */
  failures: Failure[];
  problem?: string;
}

/** Prefix of the classes that are instructions, which are listed by offset. */
const BOUNDARY = /^interrupted at \+0x([0-9a-f]+)$/;

export class Merge {
  private cases = 0;
  private executions = 0;
  private blocks = 0;
  private readonly inForce: number[] = [];
  private readonly classes = new Map<string, number>();
  private readonly failures = new Map<string, Failure>();
  private problem: { text: string; block: number } | undefined;

  /** Offsets are relative to the target's entry, so that the entry itself does not matter here. */
  private readonly covered = new CoverageSet(0n);

  add(result: BlockResult): void {
    this.covered.add(result.coverage);
    this.cases += result.cases;
    this.executions += result.executions;
    this.blocks++;
    result.inForce.forEach((count, property) => (this.inForce[property] = (this.inForce[property] ?? 0) + count));
    for (const [name, count] of Object.entries(result.classes))
      this.classes.set(name, (this.classes.get(name) ?? 0) + count);
    if (result.problem !== undefined && (this.problem === undefined || result.block < this.problem.block))
      this.problem = { text: result.problem, block: result.block };
    for (const failure of result.failures) this.addFailure(failure);
  }

  private addFailure(failure: Failure): void {
    const key = signatureKey(failure.signature);
    const known = this.failures.get(key);
    const earlier = known === undefined || compareCases(failure, known) < 0;
    const first = earlier ? failure : known;
    this.failures.set(key, { ...first, hits: failure.hits + (known?.hits ?? 0) });
  }

  totals(): TargetTotals {
    const { cases, executions, blocks, inForce, problem } = this;
    return {
      cases,
      executions,
      blocks,
      inForce: [...inForce],
      classes: Object.fromEntries([...this.classes].sort(([a], [b]) => boundary(a) - boundary(b))),
      coverage: this.covered.coverage(),
      failures: [...this.failures.values()].sort((a, b) => compareCases(a, b) || compareKeys(a, b)),
      ...(problem !== undefined && { problem: problem.text }),
    };
  }
}

export function mergeBlocks(blocks: readonly BlockResult[]): TargetTotals {
  const merge = new Merge();
  for (const block of blocks) merge.add(block);
  return merge.totals();
}

/** Offset of the instruction; -1 for every other class. */
function boundary(name: string): number {
  const offset = BOUNDARY.exec(name)?.[1];
  return offset === undefined ? -1 : Number.parseInt(offset, 16);
}

function compareCases(a: Failure, b: Failure): number {
  return a.block - b.block || a.index - b.index;
}

function compareKeys(a: Failure, b: Failure): number {
  const left = signatureKey(a.signature);
  const right = signatureKey(b.signature);
  return left < right ? -1 : left > right ? 1 : 0;
}

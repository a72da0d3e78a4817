/** The ordered merge of blocks: the result of a target does not depend on who computed which block. */
import type { BlockResult, Failure } from './block.js';
import { signatureKey } from '../triage/violation.js';

export interface TargetTotals {
  cases: number;
  executions: number;
  blocks: number;
  inForce: number[];
  classes: Record<string, number>;
  /** One per signature, with all hits and the earliest case, in the order of that case. */
  failures: Failure[];
  problem?: string;
}

export function mergeBlocks(blocks: readonly BlockResult[]): TargetTotals {
  const ordered = [...blocks].sort((a, b) => a.block - b.block);
  const totals: TargetTotals = {
    cases: 0,
    executions: 0,
    blocks: ordered.length,
    inForce: [],
    classes: {},
    failures: [],
  };
  const failures = new Map<string, Failure>();
  for (const block of ordered) {
    totals.cases += block.cases;
    totals.executions += block.executions;
    block.inForce.forEach((count, property) => (totals.inForce[property] = (totals.inForce[property] ?? 0) + count));
    for (const [name, count] of Object.entries(block.classes))
      totals.classes[name] = (totals.classes[name] ?? 0) + count;
    if (block.problem !== undefined) totals.problem ??= block.problem;
    for (const failure of block.failures) {
      const key = signatureKey(failure.signature);
      const known = failures.get(key);
      if (known === undefined) failures.set(key, { ...failure });
      else known.hits += failure.hits;
    }
  }
  totals.failures = [...failures.values()].sort((a, b) => a.block - b.block || a.index - b.index || compareKeys(a, b));
  return totals;
}

function compareKeys(a: Failure, b: Failure): number {
  const left = signatureKey(a.signature);
  const right = signatureKey(b.signature);
  return left < right ? -1 : left > right ? 1 : 0;
}

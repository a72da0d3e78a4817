/** A task: consecutive blocks of one target, computed and recorded as one. A pure function of what stands in it. */
import { performance } from 'node:perf_hooks';
import type { StoredValues } from '../../stored/case-schema.js';
import { BLOCK_CASES, type BlockResult, type Parent, runBlock, type Witness } from './block.js';
import { CoverageSet } from '../records/coverage.js';
import type { Failure } from './failures.js';
import type { ComputedBlocks } from '../records/campaign-log.js';
import { Merge } from '../records/merge.js';
import { valuesOf } from '../../stored/stored-values.js';
import type { Runner } from '../../run/runner.js';

export interface Task extends ComputedBlocks {
  /** All but the last block have BLOCK_CASES. */
  cases: number;
  parent?: Parent;
}

/** The part of a task that says from which case of the corpus its cases are made, if from any. */
export function madeFrom(
  { space }: Runner,
  entry: { digest: string; values: StoredValues } | undefined,
): Pick<Task, 'parent'> {
  return entry === undefined ? {} : { parent: { digest: entry.digest, values: valuesOf(entry.values, space) } };
}

export function runTask(runner: Runner, seed: string, { block, blocks, cases, parent }: Task): BlockResult {
  const merge = new Merge<Failure>();
  const covered = new CoverageSet(0n);
  const witnesses: Witness[] = [];
  for (let index = 0; index < blocks; index++) {
    const left = Math.min(BLOCK_CASES, cases - index * BLOCK_CASES);
    const result = runBlock(runner, seed, block + index, left, 'when hot', parent);
    merge.add(result);
    for (const witness of result.witnesses) if (covered.add(witness.coverage) > 0) witnesses.push(witness);
  }
  return { ...merge.totals(), witnesses };
}

export interface TimedResult {
  result: BlockResult;
  milliseconds: number;
}

export function timedTask(runner: Runner, seed: string, task: Task): TimedResult {
  const started = performance.now();
  const result = runTask(runner, seed, task);
  return { result, milliseconds: performance.now() - started };
}

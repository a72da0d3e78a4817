/** A task: consecutive blocks of one target, computed and recorded as one. A pure function of what stands in it. */
import type { Scenario } from '../scenario/layout.js';
import type { Story } from '../story/story.js';
import { BLOCK_CASES, type BlockResult, type Failure } from './block.js';
import { Merge } from './merge.js';
import type { Subject } from './subject.js';

export interface Task {
  /** Index of the target. */
  target: number;
  /** Number of the first block. */
  block: number;
  blocks: number;
  /** All but the last block have BLOCK_CASES. */
  cases: number;
  /** Values from which the cases are made; absent: fresh cases. */
  parent?: Scenario | Story;
}

export function runTask(subject: Subject, seed: string, { block, blocks, cases, parent }: Task): BlockResult {
  const merge = new Merge<Failure>();
  for (let index = 0; index < blocks; index++) {
    const left = Math.min(BLOCK_CASES, cases - index * BLOCK_CASES);
    merge.add(subject.runBlock(seed, block + index, left, parent));
  }
  return merge.totals();
}

/** Which blocks to compute, in which order: round by round over all targets, so that a time limit is fair to each. */
import { BLOCK_CASES } from './block.js';
import { type Shard, WHOLE } from '../records/shard.js';
import type { Task } from './task.js';

/** What ends a run: a number of cases for every target, or for each its own by index, or a deadline, or whichever comes first. */
export type Budget =
  { runs: number } | { runsOf: (target: number) => number; milliseconds?: number } | { milliseconds: number };

/** The more blocks were done, the more are computed as one: a long run is not told block by block. */
const ROUNDS = 64;

/**
 * Yields tasks until the budget is spent. With a time limit the current round is finished, so that every target has had
 * the same blocks and the run equals one with `--runs`. Of several shards each yields its own part of the same tasks.
 *
 * @param now milliseconds of a monotonic clock
 */
export function* schedule(
  targets: number,
  budget: Budget,
  now: () => number,
  stopped: () => boolean,
  shard: Shard = WHOLE,
): Generator<Task> {
  const start = now();
  const runsOf = casesOf(budget);
  const limit = 'milliseconds' in budget ? (budget.milliseconds ?? Infinity) : Infinity;
  let round = 0;
  for (let block = 0; ; round++) {
    if (block > 0 && now() - start >= limit) return;
    const left = Array.from({ length: targets }, (_, target) => runsOf(target) - block * BLOCK_CASES);
    const most = Math.max(0, ...left);
    if (most === 0) return;
    const blocks = 1 + Math.floor(block / ROUNDS);
    for (let target = 0; target < targets; target++) {
      if (stopped()) return;
      if (left[target] <= 0 || (round + target) % shard.of !== shard.index) continue;
      const cases = Math.min(left[target], blocks * BLOCK_CASES);
      yield { target, block, blocks: Math.ceil(cases / BLOCK_CASES), cases };
    }
    block += blocks;
  }
}

/** Cases that a budget asks of each target, by index; infinite where a clock ends the run. Of several shards each has its part. */
export function casesOf(budget: Budget): (target: number) => number {
  if ('runs' in budget) return () => budget.runs;
  return 'runsOf' in budget ? budget.runsOf : () => Infinity;
}

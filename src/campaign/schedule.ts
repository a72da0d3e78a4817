/** Which blocks to compute, in which order: round by round over all targets, so that a time limit is fair to each. */
import { BLOCK_CASES } from './block.js';
import { type Shard, WHOLE } from './shard.js';
import type { Task } from './task.js';

/** What ends a run: a number of cases per target, or a deadline. */
export type Budget = { runs: number } | { milliseconds: number };

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
  let round = 0;
  for (let block = 0; ; round++) {
    const left = 'runs' in budget ? budget.runs - block * BLOCK_CASES : Infinity;
    if (left <= 0) return;
    if ('milliseconds' in budget && block > 0 && now() - start >= budget.milliseconds) return;
    const blocks = Math.min(1 + Math.floor(block / ROUNDS), Math.ceil(left / BLOCK_CASES));
    for (let target = 0; target < targets; target++) {
      if (stopped()) return;
      if ((round + target) % shard.of !== shard.index) continue;
      yield { target, block, blocks, cases: Math.min(left, blocks * BLOCK_CASES) };
    }
    block += blocks;
  }
}

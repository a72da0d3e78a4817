/** Which blocks to compute, in which order: round by round over all targets, so that a time limit is fair to each. */
import { BLOCK_CASES } from './block.js';

export interface Task {
  target: number;
  block: number;
  cases: number;
}

/** What ends a run: a number of cases per target, or a deadline. */
export type Budget = { runs: number } | { milliseconds: number };

/**
 * Yields tasks until the budget is spent. With a time limit the current round is finished, so that every target has had
 * the same blocks and the run equals one with `--runs`.
 *
 * @param now milliseconds of a monotonic clock
 */
export function* schedule(targets: number, budget: Budget, now: () => number, stopped: () => boolean): Generator<Task> {
  const start = now();
  for (let block = 0; ; block++) {
    const left = 'runs' in budget ? budget.runs - block * BLOCK_CASES : BLOCK_CASES;
    if (left <= 0) return;
    if ('milliseconds' in budget && block > 0 && now() - start >= budget.milliseconds) return;
    for (let target = 0; target < targets; target++) {
      if (stopped()) return;
      yield { target, block, cases: Math.min(left, BLOCK_CASES) };
    }
  }
}

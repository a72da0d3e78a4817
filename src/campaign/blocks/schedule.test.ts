import { describe, expect, test } from 'vitest';
import { BLOCK_CASES } from './block.js';
import { schedule } from './schedule.js';
import type { Task } from './task.js';

const never = (): boolean => false;
const still = (): number => 0;

describe('a number of cases', () => {
  test('round by round over all targets, the last block shorter', () => {
    const tasks = [...schedule(2, { runs: 2.5 * BLOCK_CASES }, still, never)];
    expect(tasks).toEqual(
      [BLOCK_CASES, BLOCK_CASES, BLOCK_CASES / 2].flatMap((cases, block) =>
        [0, 1].map((target) => ({ target, block, blocks: 1, cases })),
      ),
    );
  });
  test.each([
    [1, [1]],
    [BLOCK_CASES - 1, [BLOCK_CASES - 1]],
    [BLOCK_CASES, [BLOCK_CASES]],
    [BLOCK_CASES + 1, [BLOCK_CASES, 1]],
    [0, []],
  ])('%i', (runs, cases) => {
    expect([...schedule(1, { runs }, still, never)].map((task) => task.cases)).toEqual(cases);
  });
  test('without a target there is nothing to do', () => {
    expect([...schedule(0, { runs: 5000 }, still, never)]).toEqual([]);
  });
});

describe('a time', () => {
  /** Every block takes 10 ms. */
  const timed = (targets: number, milliseconds: number): Task[] => {
    let clock = 5000;
    const tasks: Task[] = [];
    for (const task of schedule(targets, { milliseconds }, () => clock, never)) {
      tasks.push(task);
      clock += 10;
    }
    return tasks;
  };
  test('ends at the end of a round: every target has had the same blocks', () => {
    // Rounds begin at 0, 30, 60, 90: the one at 90 is the last that begins before 100.
    const tasks = timed(3, 100);
    expect(tasks).toHaveLength(12);
    for (const target of [0, 1, 2])
      expect(tasks.filter((task) => task.target === target).map(({ block }) => block)).toEqual([0, 1, 2, 3]);
    expect(tasks.every(({ cases }) => cases === BLOCK_CASES)).toBe(true);
  });
  test('is the run with the number of cases that it came to', () => {
    const tasks = timed(2, 75);
    const rounds = tasks.length / 2;
    expect(tasks).toEqual([...schedule(2, { runs: BLOCK_CASES * rounds }, still, never)]);
  });
  test('gives every target one block, however short it is', () => {
    expect(timed(3, 0)).toHaveLength(3);
    expect(timed(3, 1)).toHaveLength(3);
  });
});

test('a user who wants it to end is heard at the next block', () => {
  const tasks: Task[] = [];
  for (const task of schedule(3, { runs: 5 * BLOCK_CASES }, still, () => tasks.length >= 4)) tasks.push(task);
  expect(tasks).toHaveLength(4);
});

describe('a long run', () => {
  const tasks = [...schedule(2, { runs: 1000 * BLOCK_CASES + 7 }, still, never)];
  test('is told in fewer, longer pieces, without a gap', () => {
    for (const target of [0, 1]) {
      let next = 0;
      for (const task of tasks.filter((candidate) => candidate.target === target)) {
        expect(task.block).toBe(next);
        next += task.blocks;
      }
      expect(next).toBe(1001);
    }
    expect(tasks.length).toBeLessThan(2 * 300);
    expect(tasks.reduce((sum, { cases }) => sum + cases, 0)).toBe(2 * (1000 * BLOCK_CASES + 7));
  });
  test('is cut into shards that have every task once, and no two the same', () => {
    const parts = [0, 1, 2].map((index) => [
      ...schedule(2, { runs: 1000 * BLOCK_CASES + 7 }, still, never, { index, of: 3 }),
    ]);
    const key = ({ target, block }: Task): string => `${target} ${block}`;
    expect(parts.flat().map(key).sort()).toEqual(tasks.map(key).sort());
    for (const part of parts) expect(part.length).toBeGreaterThan(tasks.length / 4);
  });
});

import { describe, expect, test } from 'vitest';
import { BLOCK_CASES } from './block.js';
import { schedule, type Task } from './schedule.js';

const never = (): boolean => false;
const still = (): number => 0;

describe('a number of cases', () => {
  test('round by round over all targets, the last block shorter', () => {
    const tasks = [...schedule(2, { runs: 2.5 * BLOCK_CASES }, still, never)];
    expect(tasks).toEqual(
      [BLOCK_CASES, BLOCK_CASES, BLOCK_CASES / 2].flatMap((cases, block) =>
        [0, 1].map((target) => ({ target, block, cases })),
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

import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { concurrently } from './concurrently.js';

/** Does pieces of work that take so many milliseconds; negative ones fail. @returns what was begun, and how many ran at once */
function watched(): { begun: number[]; most: () => number; work: (time: number) => Promise<string> } {
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  const work = async (time: number): Promise<string> => {
    begun.push(time);
    most = Math.max(most, ++running);
    await setTimeout(Math.abs(time));
    running--;
    if (time < 0) throw new Error(`no ${time}`);
    return `done ${time}`;
  };
  return { begun, most: () => most, work };
}

test('results stand in the order of the items, and no more than two are at work', async () => {
  const { most, work } = watched();
  const times = [30, 1, 5, 2, 10];
  expect(await concurrently(2, times, work)).toEqual(times.map((time) => `done ${time}`));
  expect(most()).toBe(2);
  expect(await concurrently(2, [], work)).toEqual([]);
});

test('of two failures the first in order is told, however late it comes, and nothing is begun after one', async () => {
  const { begun, work } = watched();
  await expect(concurrently(2, [-30, -1, 5, 6], work)).rejects.toThrow('no -30');
  expect(begun).toEqual([-30, -1]);
});

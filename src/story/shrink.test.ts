import { describe, expect, it } from 'vitest';
import { shrinkStory } from './shrink.js';
import { differingValues, type Story, type StorySpace, stepOf } from './story.js';

const slot = (neutral: bigint) => ({ neutral, meaning: 'a value', draw: () => 0n });
const SPACE: StorySpace = {
  actions: [
    { name: 'access', sentence: 'an access', slots: { width: slot(52n), address: slot(1n << 51n), data: slot(0n) } },
    { name: 'wait', sentence: 'nothing', slots: {} },
  ],
  steps: { least: 1, most: 4 },
};
const [ACCESS, WAIT] = SPACE.actions;

/** Takes the first simpler story that still fails, again and again. */
function shrunken(story: Story, fails: (story: Story) => boolean): Story {
  for (const simpler of shrinkStory(story, SPACE))
    if (simpler.length > 0 && fails(simpler)) return shrunken(simpler, fails);
  return story;
}

const values = (story: Story): [string, bigint][] => story.flatMap((step) => differingValues(SPACE, step));

describe('a story is shrunken', () => {
  it('to the steps that matter, and their values to the bits that matter', () => {
    const story = [stepOf(WAIT), stepOf(ACCESS, { data: 0xff00ffn }), stepOf(WAIT)];
    const least = shrunken(story, (candidate) =>
      candidate.some((step) => ((step.values['data'] ?? 0n) & 0x100000n) !== 0n),
    );
    expect(least.map(({ action }) => action)).toEqual(['access']);
    expect(values(least)).toEqual([['data', 0x100000n]]);
  });

  it('also where two values only make sense together', () => {
    const valid = (story: Story): boolean =>
      story.every(({ values: { width, address, data } }) => data !== 0n && address === 1n << (width - 1n));
    const story = [stepOf(ACCESS, { width: 48n, address: 1n << 47n, data: 6n })];
    expect(values(shrunken(story, valid))).toEqual([['data', 2n]]);
  });

  it('never to one that is not simpler', () => {
    const story = [stepOf(ACCESS, { width: 3n, address: 5n, data: 7n }), stepOf(ACCESS, { data: 1n })];
    const size = (candidate: Story): number =>
      candidate.length * 1e6 +
      values(candidate).length * 1e3 +
      values(candidate).reduce((bits, [, value]) => bits + value.toString(2).replaceAll('0', '').length, 0);
    for (const simpler of shrinkStory(story, SPACE)) expect(size(simpler)).toBeLessThan(size(story));
  });
});

/** Stories: drawn the same everywhere, and as cases the same stories. */
import { describe, expect, it } from 'vitest';
import { drawCases } from '../case/arbitrary.js';
import { type CaseSpace, differing, stepOf as caseStepOf } from '../case/case.js';
import { Dice } from '../case/dice.js';
import { caseFrom, caseSpaceOf, storyFrom } from './case-space.js';
import { anyValue, below, boundary, either, mostly, narrow, oneBitOff, oneOf, upperHalfAdded } from './draws.js';
import { drawStory } from './case-space.js';
import { actionOf, differingValues, type Story, type StorySpace, stepOf } from './story.js';

const WORD = 1n << 64n;
const value = { neutral: 5n, meaning: 'a value', draw: anyValue };
const SPACE: StorySpace = {
  actions: [
    { name: 'write', sentence: 'writes {a}', slots: { a: value, b: { ...value, neutral: 0n } }, weight: 3 },
    { name: 'wait', sentence: 'waits', slots: {} },
  ],
  steps: { least: 1, most: 8 },
};

const write = (a: bigint, b = 0n): Story[number] => stepOf(actionOf(SPACE, 'write'), { a, b });
const WAIT = stepOf(actionOf(SPACE, 'wait'));

describe('draws', () => {
  const dice = new Dice([1, 1, 1, 1]);
  const many = (draw: (dice: Dice) => bigint): bigint[] => Array.from({ length: 500 }, () => draw(dice));

  it.each([
    ['any value', anyValue],
    ['a boundary', boundary],
    ['few bits', narrow],
    ['one bit off', oneBitOff(oneOf(0n))],
    ['something in the upper half', upperHalfAdded(oneOf(1n))],
    ['either', either(oneOf(1n), below(3))],
  ])('%s is an unsigned 64-bit value', (_, draw) => {
    for (const drawn of many(draw)) expect(drawn >= 0n && drawn < WORD).toBe(true);
  });

  it('mix: mostly one, sometimes the other', () => {
    const drawn = many(mostly(oneOf(1n), oneOf(2n), 5));
    const others = drawn.filter((one) => one === 2n).length;
    expect(others).toBeGreaterThan(40);
    expect(others).toBeLessThan(200);
  });

  it('reach both ends of 64 bits', () => {
    const drawn = many(anyValue);
    expect(drawn).toContain(0n);
    expect(drawn).toContain(WORD - 1n);
    expect(drawn.some((one) => one > 1n << 60n)).toBe(true);
  });
});

describe('a story', () => {
  it('is drawn the same from the same words', () => {
    const draw = (): Story => drawStory(SPACE, new Dice([5, 6, 7, 8]));
    expect(draw()).toEqual(draw());
  });

  it('knows which values differ from neutral', () => {
    expect(differingValues(SPACE, write(5n, 1n))).toEqual([['b', 1n]]);
    expect(differingValues(SPACE, WAIT)).toEqual([]);
    expect(() => actionOf(SPACE, 'dance')).toThrow('no action dance');
  });
});

describe('the cases of a space', () => {
  const space: CaseSpace = caseSpaceOf(SPACE);

  it('are the stories that are drawn of the same words, and are played as those', () => {
    const dice = new Dice([1, 2, 3, 4]);
    const stories = Array.from({ length: 50 }, () => drawStory(SPACE, dice));
    const drawn = drawCases(space, [1, 2, 3, 4], 50);
    expect(drawn).toEqual(stories.map(caseFrom));
    expect(drawn.map((one) => storyFrom(SPACE, one))).toEqual(stories);
  });

  it('have the same neutral values, and say so of the same ones', () => {
    expect(caseFrom([write(5n), WAIT])).toEqual(space.actions.map((action) => caseStepOf(action)));
    expect(differing(space, caseFrom([WAIT, write(5n, 1n << 63n), write(1n)]))).toEqual([
      { step: 1, slot: 1 },
      { step: 2, slot: 0 },
    ]);
  });

  it('are made once', () => {
    expect(caseSpaceOf(SPACE)).toBe(space);
  });
});

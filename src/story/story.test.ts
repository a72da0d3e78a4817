/** Stories: drawn the same everywhere, shrunk to what matters, and still stories. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stories } from './arbitrary.js';
import { Dice } from '../case/dice.js';
import { anyValue, below, boundary, either, mostly, narrow, oneBitOff, oneOf, upperHalfAdded } from './draws.js';
import { shrinkStory } from './shrink.js';
import { actionOf, differingValues, drawStory, type Story, type StorySpace, stepOf } from './story.js';

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

describe('dice', () => {
  it('throw the same for the same words, and something else for others', () => {
    const throws = (words: [number, number, number, number]): bigint[] => {
      const dice = new Dice(words);
      return Array.from({ length: 5 }, () => dice.value());
    };
    expect(throws([1, 2, 3, 4])).toEqual(throws([1, 2, 3, 4]));
    expect(throws([1, 2, 3, 4])).not.toEqual(throws([1, 2, 3, 5]));
    // Worked out by hand from the definition: the state is 32 bits wide, whatever words it starts from.
    expect(throws([1, 2, 3, 4])).toEqual(throws([1 + 2 ** 32, 2, 3, 4]));
  });

  it('throw every number below a limit, and none above', () => {
    const dice = new Dice([9, 9, 9, 9]);
    const seen = new Set(Array.from({ length: 400 }, () => dice.below(7)));
    expect(seen).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]));
  });
});

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
  it('has as many steps as its space allows, of every action', () => {
    const drawn = fc.sample(stories(SPACE), { seed: 1, numRuns: 300 });
    expect(new Set(drawn.map(({ length }) => length))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8]));
    const actions = drawn.flat().map(({ action }) => action);
    const waits = actions.filter((action) => action === 'wait').length / actions.length;
    expect(waits).toBeGreaterThan(0.15);
    expect(waits).toBeLessThan(0.35);
  });

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

describe('shrinking', () => {
  const shrunk = (start: Story, fails: (story: Story) => boolean): Story => {
    const details = fc.check(
      fc.property(stories(SPACE), (story) => !fails(story)),
      { examples: [[start]], numRuns: 1, seed: 0 },
    );
    return details.counterexample?.[0] ?? [];
  };

  it('leaves the one step and the one value that matter', () => {
    const start = [WAIT, write(7n, 9n), write(0x1234n, 77n), WAIT, write(1n, 1n)];
    expect(shrunk(start, (story) => story.some(({ values }) => values['a'] === 0x1234n))).toEqual([write(0x1234n)]);
  });

  it('leaves the bits that matter', () => {
    const found = shrunk(
      [write(0xffff_0000_ffffn)],
      (story) => ((story[0]?.values['a'] ?? 0n) & 0x1_0000_0010n) === 0x1_0000_0010n,
    );
    expect(found).toEqual([write(0x1_0000_0010n)]);
  });

  it('keeps two steps that need each other, in their order', () => {
    const start = [write(1n), WAIT, write(2n), WAIT, write(3n)];
    const found = shrunk(start, (story) => {
      const at = (a: bigint): number => story.findIndex(({ values }) => values['a'] === a);
      return at(1n) >= 0 && at(3n) > at(1n);
    });
    expect(found).toEqual([write(1n), write(3n)]);
  });

  it('offers nothing but simpler stories', () => {
    const weight = (story: Story): number[] => {
      const values = story.flatMap((step) => differingValues(SPACE, step).map(([, one]) => one));
      const bits = values.reduce((sum, one) => sum + one.toString(2).replaceAll('0', '').length, 0);
      return [story.length, values.length, bits];
    };
    const simpler = (one: number[], other: number[]): boolean => {
      const first = one.findIndex((part, index) => part !== other[index]);
      return first >= 0 && one[first] < other[first];
    };
    for (const story of fc.sample(stories(SPACE), { seed: 3, numRuns: 40 }))
      for (const candidate of shrinkStory(story, SPACE)) {
        // A cleared value may become the neutral one's neighbour: fewer bits, though no longer neutral.
        expect(simpler(weight(candidate), weight(story)), JSON.stringify(weight(candidate))).toBe(true);
      }
  });

  it('of a neutral story of one step offers nothing', () => {
    expect([...shrinkStory([write(5n)], SPACE)]).toEqual([]);
  });
});

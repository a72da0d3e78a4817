import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DrawnArbitrary, type StreamWords } from './drawn-arbitrary.js';

const words = new DrawnArbitrary<StreamWords>({
  draw: (drawn) => drawn,
  *simpler() {},
  canShrink: (value): value is StreamWords => Array.isArray(value),
});

/** The first of four words, which shrinks to what is one or two less. */
const numbers = new DrawnArbitrary<number>({
  draw: ([first]) => Math.abs(first % 100),
  *simpler(value) {
    for (const less of [value - 2, value - 1]) if (less >= 0) yield less;
  },
  canShrink: (value): value is number => typeof value === 'number',
});

it('draws by four words that differ from run to run and follow from the seed', () => {
  const drawn = fc.sample(words, { seed: 1, numRuns: 20 });
  for (const index of [0, 1, 2, 3]) expect(new Set(drawn.map((four) => four[index])).size).toBe(20);
  expect(drawn.every((four) => new Set(four).size === 4)).toBe(true);
  expect(fc.sample(words, { seed: 1, numRuns: 20 })).toEqual(drawn);
  expect(fc.sample(words, { seed: 2, numRuns: 20 })).not.toEqual(drawn);
});

it('shrinks to what is simpler as long as it fails, in the order that is given', () => {
  const isSmall = fc.property(numbers, (value) => value < 10);
  const { counterexample, failed } = fc.check(isSmall, { seed: 1 });
  expect([failed, counterexample]).toEqual([true, [10]]);
  const simpler = numbers.shrink(40);
  expect([...simpler].map(({ value }) => value)).toEqual([38, 39]);
});

it('says what it can shrink without having drawn it', () => {
  expect([1, '1', [1]].map((value) => numbers.canShrinkWithoutContext(value))).toEqual([true, false, false]);
});

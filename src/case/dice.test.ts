import { expect, it } from 'vitest';
import { Dice } from './dice.js';

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

it('throw aside something else, as often as you like, without changing what comes', () => {
  const dice = new Dice([1, 2, 3, 4]);
  const same = new Dice([1, 2, 3, 4]);
  const aside = dice.aside();
  const thrown = Array.from({ length: 5 }, () => aside.value());
  const next = Array.from({ length: 5 }, () => dice.value());
  expect(next).toEqual(Array.from({ length: 5 }, () => same.value()));
  expect(next.filter((value) => thrown.includes(value))).toEqual([]);
});

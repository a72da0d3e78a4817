import { expect, test } from 'vitest';
import { Random } from './random.js';

function seeded(a = 1, b = 2, c = 3, d = 4): Random {
  const random = new Random();
  random.seed(a, b, c, d);
  return random;
}
const draws = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.next());

/** sfc32 as its author defines it: a third-order chaotic generator with a counter. */
function reference(seed: readonly number[], count: number): number[] {
  let [a, b, c, counter] = seed.map((word) => BigInt.asUintN(32, BigInt(word)));
  const word = (value: bigint): bigint => BigInt.asUintN(32, value);
  const next = (): number => {
    const result = word(a + b + counter);
    counter = word(counter + 1n);
    a = b ^ (b >> 9n);
    b = word(c + (c << 3n));
    c = word(word((c << 21n) | (c >> 11n)) + result);
    return Number(BigInt.asIntN(32, result));
  };
  for (let round = 0; round < 12; round++) next();
  return Array.from({ length: count }, next);
}

test('is sfc32', () => {
  expect(draws(seeded(-5, 0x7fffffff, 0, 99), 1000)).toEqual(reference([-5, 0x7fffffff, 0, 99], 1000));
});

test('the same seed gives the same numbers, another seed word others', () => {
  expect(draws(seeded(), 20)).toEqual(draws(seeded(), 20));
  for (const other of [seeded(9), seeded(1, 9), seeded(1, 2, 9), seeded(1, 2, 3, 9)])
    expect(draws(other, 20)).not.toEqual(draws(seeded(), 20));
});

test('below() stays below, and reaches every number', () => {
  const random = seeded();
  const counts = new Uint32Array(7);
  for (let draw = 0; draw < 70_000; draw++) counts[random.below(7)]++;
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  expect(random.below(1)).toBe(0);
});

test('chance() comes true so often', () => {
  const random = seeded();
  let hits = 0;
  for (let draw = 0; draw < 64_000; draw++) if (random.chance(64)) hits++;
  expect(Math.abs(hits - 16_000)).toBeLessThan(600);
  expect(Array.from({ length: 1000 }, () => random.chance(0)).includes(true)).toBe(false);
  expect(Array.from({ length: 1000 }, () => random.chance(256)).includes(false)).toBe(false);
});

import { expect, test } from 'vitest';
import { writeHalves } from '../halves.js';
import { stepMaker, withFacts } from './step-values.js';

const words = new Int32Array(4);
writeHalves(words, 0, 0xfedc_ba98_7654_3210n);
writeHalves(words, 2, 7n);
const { action, values } = stepMaker('write', ['a', 'b'])(words);

test('values are read from the words under their names', () => {
  expect(action).toBe('write');
  expect([values['a'], values['b'], values['c']]).toEqual([0xfedc_ba98_7654_3210n, 7n, undefined]);
});

test.each([
  ['read from words', values],
  ['of an object', { a: 0xfedc_ba98_7654_3210n, b: 7n }],
])('facts come before values %s, and constants last', (_, given) => {
  const constants = { b: 1n, c: 2n, d: 3n };
  const whole = withFacts(given, { a: 9n, d: 4n }, constants);
  expect(['a', 'b', 'c', 'd', 'e'].map((name) => whole[name])).toEqual([9n, 7n, 2n, 4n, undefined]);
  const again = withFacts(whole, { e: 5n }, constants);
  expect(['a', 'b', 'c', 'd', 'e'].map((name) => again[name])).toEqual([9n, 7n, 2n, 4n, 5n]);
  expect(withFacts(given, undefined)).toBe(given);
  expect(given['a']).toBe(0xfedc_ba98_7654_3210n);
});

import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { editDistance, nearestNames } from './nearest.js';

/** The textbook recursion, without a limit. */
function slowDistance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const change = slowDistance(a.slice(1), b.slice(1)) + (a[0] === b[0] ? 0 : 1);
  return Math.min(change, slowDistance(a.slice(1), b) + 1, slowDistance(a, b.slice(1)) + 1);
}

const short = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 });

test.prop([short, short, fc.integer({ min: 0, max: 7 })])(
  'is the edit distance, or one more than the limit',
  (a, b, limit) => {
    expect(editDistance(a, b, limit)).toBe(Math.min(slowDistance(a, b), limit + 1));
  },
);

test('orders by distance, then by name', () => {
  expect(nearestNames('tdcall', ['tdcall2', '__tdcall', 'tdcal', 'seamcall', 'unrelated_name'])).toEqual([
    'tdcal',
    'tdcall2',
    '__tdcall',
  ]);
});

test('a name of a million characters costs nothing', () => {
  expect(nearestNames('x'.repeat(1_000_000), ['f'.repeat(100)])).toEqual([]);
});

import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { pathStep } from './path-hash.js';

const address = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const apply = (half: number, { factor, summand }: { factor: number; summand: number }): number =>
  (Math.imul(half, factor) + summand) | 0;

test.prop([fc.array(address), fc.array(address), fc.integer(), fc.integer()])(
  'a path in one step is its parts one after the other',
  (first, second, low, high) => {
    const [one, two, both] = [pathStep(first), pathStep(second), pathStep([...first, ...second])];
    expect(apply(low, both.low)).toBe(apply(apply(low, one.low), two.low));
    expect(apply(high, both.high)).toBe(apply(apply(high, one.high), two.high));
  },
);

test.prop([fc.uniqueArray(fc.integer({ min: 0, max: 1 << 16 }), { minLength: 2, maxLength: 40 })])(
  'the order of instructions shows',
  (offsets) => {
    const path = offsets.map((offset) => 0xffffffff81000000n + BigInt(offset));
    const other = path.toReversed();
    expect(pathStep(path).low.summand).not.toBe(pathStep(other).low.summand);
    expect(pathStep(path).high.summand).not.toBe(pathStep(other).high.summand);
  },
);

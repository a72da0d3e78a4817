import type { HelperOptions } from './options.js';
import { describe, expect, it } from 'vitest';
import type { Values } from '../../exchange/exchange.js';
import { acceptMemory } from './accept-memory.js';
import { follow, last, LINUX, moments, OK } from './follow.test.helper.js';
import { mapGpa } from './map-gpa.js';

const TRUE = { value: 1n, mask: 0xffn };
const FALSE = { value: 0n, mask: 0xffn };

describe('MapGPA', () => {
  const SHARED = 1n << 47n;
  const story = { start: 0x10000n, end: 0x14000n, enc: 1n, shared_mask: SHARED };
  const retry = (r11: bigint): Values => ({ status: 0n, r10: 1n, r11 });
  const asked = (...answers: Values[]): bigint[][] =>
    follow(mapGpa(LINUX, story), ...answers)
      .filter(({ moment }) => moment === 'TDVMCALL')
      .map(({ values }) => [values['r12'] as bigint, values['r13'] as bigint]);

  it('of a shared range has the shared bit in both ends', () => {
    const exchanges = follow(mapGpa(LINUX, { ...story, enc: 0n }), retry(SHARED | 0x12000n), OK);
    expect(exchanges[0].values).toMatchObject({ r11: 0x10001n, r12: SHARED | 0x10000n, r13: 0x4000n });
    expect(exchanges[1].values).toMatchObject({ r12: SHARED | 0x12000n, r13: 0x2000n });
    expect(last(exchanges, 'rax')).toEqual([TRUE]);
  });

  it('goes on where RETRY says', () => {
    expect(asked(retry(0x11000n), retry(0x13000n), OK)).toEqual([
      [0x10000n, 0x4000n],
      [0x11000n, 0x3000n],
      [0x13000n, 0x1000n],
    ]);
  });

  it('gives up after three calls without progress, and counts anew after progress', () => {
    const still = retry(0x10000n);
    const gaveUp = follow(mapGpa(LINUX, story), still, still, still);
    expect(moments(gaveUp)).toEqual(['TDVMCALL', 'TDVMCALL', 'TDVMCALL', 'return']);
    expect(last(gaveUp, 'rax')).toEqual([FALSE]);
    const on = retry(0x11000n);
    expect(asked(still, still, on, on, on, on)).toHaveLength(6);
    expect(moments(follow(mapGpa(LINUX, story), still, still, on, on, on, on)).pop()).toBe('return');
  });

  it.each([
    ['behind the range', 0x14000n],
    ['before it', 0xf000n],
    ['no page', 0x11001n],
    ['the shared alias', SHARED | 0x11000n],
  ])('does not go on %s', (_, r11) => {
    const exchanges = follow(mapGpa(LINUX, story), retry(r11), OK);
    expect(moments(exchanges)).toEqual(['TDVMCALL', 'return']);
    expect(last(exchanges, 'rax')).toEqual([FALSE]);
  });

  it.each([2n, 1n << 63n, (1n << 63n) | 1n])('R10 = 0x%s is a failure', (r10) => {
    const exchanges = follow(mapGpa(LINUX, story), { status: 0n, r10, r11: 0x11000n });
    expect([...moments(exchanges), ...last(exchanges, 'rax')]).toEqual(['TDVMCALL', 'return', FALSE]);
  });
});

describe('accepting memory', () => {
  const accept = (
    options: Partial<HelperOptions>,
    start: bigint,
    end: bigint,
    ...statuses: bigint[]
  ): (bigint | string)[] =>
    follow(acceptMemory({ ...LINUX, ...options }, { start, end }), ...statuses.map((status) => ({ status }))).map(
      ({ moment, values }) => {
        if (moment === 'TDCALL') return values['rcx'] as bigint;
        return moment === 'return' ? `return ${(values['rax'] as { value: bigint }).value}` : moment;
      },
    );
  const pages = (start: bigint, end: bigint, ...statuses: bigint[]): (bigint | string)[] =>
    accept({}, start, end, ...statuses);

  it('takes the largest page that is aligned and fits', () => {
    expect(pages(0x1ff000n, 0x401000n, 0n, 0n, 0n)).toEqual([0x1ff000n, 0x200001n, 0x400000n, 'return 1']);
    expect(pages(0x40000000n, 0x80000000n, 0n)).toEqual([0x40000002n, 'return 1']);
  });

  it('tries smaller ones whatever the module objects to, and fails with the smallest', () => {
    expect(pages(0x40000000n, 0x80000000n, 1n, 1n << 63n, 1n << 32n)).toEqual([
      0x40000002n,
      0x40000001n,
      0x40000000n,
      'return 0',
    ]);
  });

  it('tries a busy page again, as often as the options say', () => {
    const BUSY = 0x8000020000000000n;
    expect(accept({ acceptBusyTries: 3 }, 0x1000n, 0x2000n, BUSY, BUSY | 1n, 0n)).toEqual([
      0x1000n,
      0x1000n,
      0x1000n,
      'return 1',
    ]);
    expect(accept({ acceptBusyTries: 2 }, 0x1000n, 0x2000n, BUSY, BUSY)).toEqual([0x1000n, 0x1000n, 'return 0']);
  });

  it('tries a smaller page after a mismatch alone, where the options say so', () => {
    const MISMATCH = 0xc0000b0b00000000n;
    const large = [0x200000n, 0x400000n] as const;
    expect(accept({ acceptErrors: 'mismatch' }, ...large, 1n)).toEqual([0x200001n, 'return 0']);
    expect(accept({ acceptErrors: 'mismatch' }, ...large, MISMATCH | 7n, 1n)).toEqual([
      0x200001n,
      0x200000n,
      'return 0',
    ]);
    expect(accept({ acceptErrors: 'fatal' }, ...large, MISMATCH, 1n)).toEqual([0x200001n, 0x200000n, 'stop']);
  });

  it('has nothing to do for an empty range', () => expect(pages(0x1000n, 0x1000n)).toEqual(['return 1']));
});

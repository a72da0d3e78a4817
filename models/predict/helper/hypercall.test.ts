import { describe, expect, it } from 'vitest';
import { follow, last, LINUX, moments, OK } from './follow.test.helper.js';
import { kvmHypercall, standardHypercall } from './hypercall.js';

describe('a standard hypercall', () => {
  const values = { fn: 0x10001n, r12: 1n, r13: 2n, r14: 3n, r15: 4n };

  it('has the mask, its function and arguments, and 0 in all else that is exposed', () => {
    const [call] = follow(standardHypercall(LINUX, values));
    const passed = { r10: 0n, r11: 0x10001n, r12: 1n, r13: 2n, r14: 3n, r15: 4n };
    const silent = { rdx: 0n, rbx: 0n, rsi: 0n, rdi: 0n, r8: 0n, r9: 0n };
    expect(call).toEqual({
      moment: 'TDVMCALL',
      values: { rax: 0n, rcx: 0xffccn, ...passed, ...silent },
      about: ['hypercall'],
    });
  });

  it('returns R10 with all its bits', () => {
    const exchanges = follow(standardHypercall(LINUX, values), { ...OK, r10: 0x8000000000000002n });
    expect(last(exchanges, 'rax')).toEqual([0x8000000000000002n]);
  });

  it.each([1n, 1n << 32n, 1n << 63n])('stops when RAX is 0x%s', (status) => {
    const exchanges = follow(standardHypercall(LINUX, values), { status });
    expect(moments(exchanges)).toEqual(['TDVMCALL', 'stop']);
    const trapping = { ...LINUX, form: { mask: 0xfc00, failure: 'trap' as const } };
    expect(moments(follow(standardHypercall(trapping, values), { status }))).toEqual(['TDVMCALL', 'trap']);
  });
});

it('a KVM hypercall has its number in R10 and its arguments from R11 on', () => {
  const exchanges = follow(kvmHypercall(LINUX, { nr: 12n, p1: 1n, p2: 2n, p3: 3n, p4: 4n }), { ...OK, r10: 7n });
  expect(exchanges[0].values).toMatchObject({ r10: 12n, r11: 1n, r12: 2n, r13: 3n, r14: 4n, r15: 0n });
  expect(last(exchanges, 'rax')).toEqual([7n]);
});

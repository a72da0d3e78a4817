import { describe, expect, it } from 'vitest';
import { seamAnswer } from './seam-return.js';

/** What each register holds at SEAMCALL, and what the module or a TD would answer in it. */
const NAMES = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');
const AT = Object.fromEntries(NAMES.map((name, index) => [name, 0xbef00000n + BigInt(index)]));
const CHOSEN = Object.fromEntries(NAMES.map((name, index) => [name, 0xa1150000n + BigInt(index)]));

/** Registers that have another value behind the call. */
function changed(rax: bigint, told: Record<string, bigint>): Record<string, bigint> {
  const answer = seamAnswer({ ...AT, rax }, { ...CHOSEN, ...told });
  return Object.fromEntries(Object.entries(answer).filter(([name, value]) => AT[name] !== value));
}

const VP_ENTER = 0n;
const SYS_INFO = 32n;

describe('the answer to a SEAMCALL of a program', () => {
  it('has the outputs of the leaf, and the few registers of most stubs as they are', () => {
    expect(changed(SYS_INFO, { status: 0n })).toEqual({ status: 0n, rdx: CHOSEN['rdx'], r9: CHOSEN['r9'] });
    expect(seamAnswer({ ...AT, rax: SYS_INFO }, { status: 0n })).toMatchObject({ rcx: AT['rcx'], r11: AT['r11'] });
  });

  it('has every register but RSP and RBP behind a TD that ran', () => {
    const names = Object.keys(changed(VP_ENTER, { status: 0n })).sort();
    expect(names).toEqual(['status', ...NAMES.filter((name) => !['rax', 'rsp', 'rbp'].includes(name))].sort());
  });

  it('has only what an error leaves', () => {
    expect(changed(VP_ENTER, { status: 0x8000020000000000n })).toEqual({ status: 0x8000020000000000n });
  });

  it('is the refusal of the dispatcher for a leaf that does not exist', () => {
    expect(changed(0xffffn, { status: 0n })).toEqual({ status: 0xc000010000000000n });
  });

  it('is the P-SEAMLDR for a leaf with bit 63', () => {
    expect(changed(0x8000000000000000n, { status: 3n })).toEqual({ status: 3n });
    expect(changed(0x80000000000000ffn, { status: 3n })).toEqual({ status: 0x8000000000000000n });
  });

  it.each([{ carry: 1n }, { vector: 13n }])('is nothing else where the module is not reached', (how) => {
    expect(seamAnswer({ ...AT, rax: SYS_INFO }, { ...CHOSEN, status: 0n, carry: 0n, vector: 0n, ...how })).toEqual(how);
  });
});

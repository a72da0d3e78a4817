import { describe, expect, it } from 'vitest';
import type { Contract } from '../../src/contract/contract.js';
import { builtInContract } from '../../src/contract/find-contract.js';
import { HIGH, Run } from './made-run.test.helper.js';

const BUSY = 0x8000_0200_0000_0000n;
const RETRY = { on: [{ answer: 'rax', is: ['0x8000020000000000'], mask: '0xffffffff00000000' }], tries: 4 } as const;

describe('a bounded retry', () => {
  /** How often the instruction must have been executed. */
  const callsOf = (calls: number, refusals: number, first: bigint, last: bigint): bigint | undefined => {
    const run = new Run('linux-6.7/__tdcall', { retry: RETRY as unknown as Contract['retry'] & object })
      .answer('rax', last)
      .fact('calls', calls)
      .fact('refusals', refusals)
      .first('rax', first);
    return run.predictFact('calls');
  };

  it('is over with the first answer that asks for none', () => {
    expect(callsOf(1, 0, 0n, 0n)).toBe(1n);
    expect(callsOf(3, 0, 0n, 0n)).toBe(1n);
    expect(callsOf(1, 0, 0x8000_0201_0000_0000n, 0x8000_0201_0000_0000n)).toBe(1n);
  });

  it('goes on while it is refused, whatever the operand', () => {
    expect(callsOf(3, 2, BUSY | 1n, 0n)).toBe(3n);
    expect(callsOf(5, 2, BUSY | 1n, 0n)).toBe(3n);
    expect(callsOf(1, 1, BUSY, BUSY | 7n)).toBe(4n);
    expect(callsOf(4, 4, BUSY, BUSY)).toBe(4n);
    expect(callsOf(9, 9, BUSY, BUSY)).toBe(4n);
  });

  it('says nothing of a function that never calls', () => {
    expect(callsOf(0, 0, 0n, 0n)).toBeUndefined();
  });
});

describe('results under conditions', () => {
  const returnsWhen = [
    { when: [{ answer: 'rax', isNot: ['0x0'] }], returns: { constant: '0x7' } },
    { when: [{ answer: 'r10', is: ['0x1'] }], returns: { constant: '0x8' } },
  ] as unknown as Contract['returnsWhen'] & object;
  const rax = (status: bigint, result: bigint): bigint | undefined =>
    new Run('linux-5.19/__tdx_hypercall', { returnsWhen, onFailure: 'returns' })
      .answer('r10', result)
      .answer('rax', status)
      .predict().final.rax;

  it('the first whose conditions hold comes before the others', () => {
    expect(rax(HIGH, 1n)).toBe(7n);
    expect(rax(0n, 1n)).toBe(8n);
    expect(rax(0n, 1n + HIGH)).toBe(1n + HIGH);
  });
});

describe('IF', () => {
  const flags = (sti: Contract['sti'] & object, parameter: bigint, before: bigint): bigint | undefined =>
    new Run('linux-rfc-2021/__tdx_hypercall', { sti })
      .entry('rsi', parameter)
      .initial('rflags', before)
      .answer('rax', 0n)
      .predict().final.rflags;

  it('is as the contract says where STI is asked for, and as before elsewhere', () => {
    const when = [{ nonzero: 'r12' }];
    expect(flags({ when }, HIGH, 2n)).toBe(0x202n);
    expect(flags({ when }, 0n, 2n)).toBe(2n);
    expect(flags({ when, ifAfter: 'restored' }, HIGH, 2n)).toBe(2n);
    expect(flags({ when, ifAfter: 'clear' }, HIGH, 0x202n)).toBe(2n);
    expect(flags({ when, ifAfter: 'clear' }, 0n, 0x202n)).toBe(0x202n);
    expect(flags({ when: [] }, 0n, 2n)).toBe(0x202n);
  });

  it('is as before where NULL means that nothing is called', () => {
    const { parameters } = builtInContract('linux-5.19/__tdx_hypercall').contract;
    const optional = parameters.map((parameter) =>
      parameter.kind === 'block'
        ? { ...parameter, nullable: true, whenNull: { returns: 'nothing' as const } }
        : parameter,
    );
    const after = (place: 'null' | 'valid'): bigint | undefined =>
      new Run('linux-5.19/__tdx_hypercall', { parameters: optional })
        .entry('rsi', 2n)
        .place(place)
        .initial('rflags', 2n)
        .answer('rax', 0n)
        .predict().final.rflags;
    expect([after('null'), after('valid')]).toEqual([2n, 0x202n]);
  });
});

describe('computed inputs', () => {
  const ONES = (1n << 64n) - 1n;
  it.each<[Contract['inputs']['r12'] & object, bigint, bigint]>([
    [{ or: [{ parameter: 'r12' }, { constant: '0x8000000000000000' }] }, 1n, (1n << 63n) | 1n],
    [{ and: [{ parameter: 'r12' }, { constant: '0xff' }] }, 0x1234n, 0x34n],
    [{ add: [{ parameter: 'r12' }, { constant: '0x2' }] }, ONES, 1n],
    [{ shl: { parameter: 'r12' }, by: 12 }, 0xfff0_0000_0000_0001n, 0x1000n],
    [{ shr: { parameter: 'r12' }, by: 4 }, ONES, ONES >> 4n],
    [{ low: { parameter: 'r12' }, bits: 32 }, ONES, 0xffff_ffffn],
    [{ signed: { parameter: 'r12' }, bits: 16 }, 0x8000n, ONES - 0x7fffn],
  ])('%j', (source, parameter, value) => {
    const run = new Run('linux-rfc-2021/__tdx_hypercall', {
      inputs: { rax: { constant: '0x0' }, rcx: { constant: '0xfc00' }, r12: source },
    });
    expect(run.entry('rsi', parameter).predict().call.r12).toBe(value);
  });
});

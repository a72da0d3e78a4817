import { describe, expect, it } from 'vitest';
import type { Contract } from '../../src/contract/contract.js';
import { builtInContract } from '../../src/contract/find-contract.js';
import type { RegisterName } from '../../src/x86/registers.js';
import { BALANCED, given, HIGH, Run } from './made-run.test.helper.js';

describe('__tdx_hypercall of v5.19', () => {
  const hypercall = (): Run =>
    ['r10', 'r11', 'r12', 'r13', 'r14', 'r15'].reduce(
      (run, name, index) => run.answer(name as RegisterName, 0xa0n + BigInt(index) + HIGH),
      new Run('linux-5.19/__tdx_hypercall').answer('rax', 0n),
    );
  const unchanged = { r10: given(0), r11: given(1), r12: given(2), r13: given(3), r14: given(4), r15: given(5) };

  it('puts leaf 0, mask 0xfc00 and the six fields into the registers', () => {
    expect(hypercall().predict().call).toEqual({ rax: 0n, rcx: 0xfc00n, ...unchanged });
  });

  it('returns R10, all of it, and leaves the block alone without the flag', () => {
    const { final, block, other } = hypercall().predict();
    expect(final).toEqual({ rax: 0xa0n + HIGH, ...BALANCED, rflags: 2n });
    expect(block).toEqual(unchanged);
    expect(other).toBe(0);
  });

  it('stores the six answers with HAS_OUTPUT', () => {
    const answers = { r10: 0xa0n, r11: 0xa1n, r12: 0xa2n, r13: 0xa3n, r14: 0xa4n, r15: 0xa5n };
    const stored = Object.fromEntries(Object.entries(answers).map(([name, value]) => [name, value + HIGH]));
    expect(hypercall().entry('rsi', 1n).predict().block).toEqual(stored);
    expect(hypercall().entry('rsi', 3n).predict().block).toEqual(stored);
    expect(hypercall().entry('rsi', 2n).predict().block).toEqual(unchanged);
  });

  it('calls with IF set where ISSUE_STI is given, and else with the flags of the caller', () => {
    const flags = (run: Run): bigint | undefined => run.predict().flagsAtCall;
    expect(flags(hypercall().entry('rsi', 2n).initial('rflags', 0x4002n))).toBe(0x4202n);
    expect(flags(hypercall().entry('rsi', 1n).initial('rflags', 0x4002n))).toBe(0x4002n);
    expect(flags(hypercall().entry('rsi', 1n).initial('rflags', 0x202n))).toBe(0x202n);
  });

  it('sets IF with ISSUE_STI, and changes no other flag', () => {
    const flags = (run: Run): bigint | undefined => run.predict().final.rflags;
    expect(flags(hypercall().entry('rsi', 2n).initial('rflags', 0x4002n))).toBe(0x4202n);
    expect(flags(hypercall().entry('rsi', 2n).initial('rflags', 0x202n))).toBe(0x202n);
    expect(flags(hypercall().entry('rsi', 1n).initial('rflags', 0x4002n))).toBe(0x4002n);
  });

  it.each([1n, HIGH, 0x80000000_00000000n])('leaves the block alone when the call fails with %i', (status) => {
    const failed = hypercall().entry('rsi', 1n).answer('rax', status).ended('trapped').predict();
    expect(failed.block).toEqual(unchanged);
    expect(failed.final).toEqual({});
  });

  it('knows no outputs of a run that was stopped half-way, but the fields that are none', () => {
    expect(hypercall().entry('rsi', 1n).ended('faulted').predict().block).toEqual({});
    expect(hypercall().entry('rsi', 0n).ended('faulted').predict().block).toEqual(unchanged);
  });

  it('never called, has no status and no outputs', () => {
    const { final, block } = new Run('linux-5.19/__tdx_hypercall').entry('rsi', 1n).predict();
    expect(final).toEqual({ ...BALANCED, rflags: 2n });
    expect(block).toEqual(unchanged);
  });

  it.each(['null', 'unmapped', 'partlyMapped', 'readOnly', 'overlapsStack'] as const)(
    'with a block that is %s, says nothing of what comes from it or goes to it',
    (place) => {
      const { call, final, block } = hypercall().entry('rsi', 1n).place(place).predict();
      expect(call).toEqual({ rax: 0n, rcx: 0xfc00n });
      expect(block).toEqual({});
      expect(final).toEqual({ rax: 0xa0n + HIGH, ...BALANCED, rflags: 2n });
    },
  );

  it.each(['callerFrame', 'lowHalfZero'] as const)('with a block that is %s, says all of it', (place) => {
    const { call, block } = hypercall().place(place).predict();
    expect(call).toEqual({ rax: 0n, rcx: 0xfc00n, ...unchanged });
    expect(block).toEqual(unchanged);
  });

  it('carries the return into the high half of RSP', () => {
    expect(hypercall().initial('rsp', 0x7fff_fffffff8n).predict().final.rsp).toBe(0x8000_00000000n);
    expect(hypercall().initial('rsp', 0x7fff_fffffff0n).predict().final.rsp).toBe(0x7fff_fffffff8n);
  });
});

describe('__tdx_hypercall of v6.3', () => {
  const run = (): Run =>
    new Run('linux-6.3/__tdx_hypercall')
      .answer('rax', 0n)
      .answer('r10', 1n)
      .answer('r8', 2n)
      .answer('rdi', 3n)
      .answer('rdx', 4n);

  it('puts twelve fields into the registers, mask 0xffcc', () => {
    expect(run().predict().call).toEqual({
      rax: 0n,
      rcx: 0xffccn,
      r8: given(0),
      r9: given(1),
      r10: given(2),
      r11: given(3),
      r12: given(4),
      r13: given(5),
      r14: given(6),
      r15: given(7),
      rdi: given(8),
      rsi: given(9),
      rbx: given(10),
      rdx: given(11),
    });
  });

  it('stores with the flag, each register in its own field', () => {
    expect(run().entry('rsi', 1n).predict().block).toMatchObject({ r8: 2n, r10: 1n, rdi: 3n, rdx: 4n });
    expect(run().predict().block).toMatchObject({ r8: given(0), r10: given(2), rdi: given(8), rdx: given(11) });
  });
});

describe('the hypercalls of v6.4', () => {
  const run = (name: string): Run => new Run(`linux-6.4/${name}`).answer('rax', 0n).answer('r10', 9n).answer('rdx', 4n);

  it('__tdx_hypercall_ret stores always', () => {
    expect(run('__tdx_hypercall_ret').predict().block).toMatchObject({ r10: 9n, rdx: 4n });
    expect(run('__tdx_hypercall_ret').answer('rax', HIGH).ended('stopped').predict().block.rdx).toBe(given(11));
  });

  it('__tdx_hypercall never, and returns R10 all the same', () => {
    const { block, final } = run('__tdx_hypercall').predict();
    expect(block).toMatchObject({ r10: given(2), rdx: given(11) });
    expect(Object.keys(block)).toHaveLength(12);
    expect(final.rax).toBe(9n);
  });
});

describe('__tdx_module_call', () => {
  const run = (): Run =>
    new Run('linux-6.4/__tdx_module_call')
      .entry('rdi', 4n)
      .entry('rsi', 0x11n + HIGH)
      .entry('rdx', 0x22n)
      .entry('rcx', 0x33n)
      .entry('r8', 0x44n)
      .answer('rax', 0n)
      .answer('rcx', 0x55n)
      .answer('r11', 0x66n)
      .answer('r10', 0x77n);
  const arguments_ = { rax: 4n, rcx: 0x11n + HIGH, rdx: 0x22n, r8: 0x33n, r9: 0x44n };

  it('passes its arguments on in the registers of TDCALL', () => {
    expect(run().predict().call).toEqual(arguments_);
    expect(run().place('null').predict().call).toEqual(arguments_);
    expect(run().place('overlapsStack').predict().call).toEqual(arguments_);
  });

  it('returns the status and stores six registers, also when the status is not 0', () => {
    expect(run().predict().final.rax).toBe(0n);
    expect(run().predict().block).toMatchObject({ rcx: 0x55n, r10: 0x77n, r11: 0x66n });
    const failed = run().answer('rax', 0xc0000100_00000000n).predict();
    expect(failed.final.rax).toBe(0xc0000100_00000000n);
    expect(failed.block).toMatchObject({ rcx: 0x55n, r10: 0x77n, r11: 0x66n });
  });

  it('stores nothing where the caller gave NULL', () => {
    expect(run().place('null').predict()).toMatchObject({ block: {}, final: { rax: 0n } });
  });
});

describe('the family of v6.7', () => {
  const run = (name: string): Run =>
    new Run(`linux-6.7/${name}`)
      .entry('rdi', 0n)
      .answer('rax', 5n)
      .answer('rcx', 6n)
      .answer('r10', 7n)
      .answer('rsi', 8n);
  const six = { rcx: given(0), rdx: given(1), r8: given(2), r9: given(3), r10: given(4), r11: given(5) };

  it('__tdcall passes six fields and stores none', () => {
    const { call, block, final } = run('__tdcall').entry('rdi', 0x10003n).predict();
    expect(call).toEqual({ rax: 0x10003n, ...six });
    expect(block).toMatchObject({ ...six, rsi: given(12) });
    expect(final).toMatchObject({ rax: 5n });
  });

  it('__tdcall_ret stores six, and leaves the other seven alone', () => {
    const { block } = run('__tdcall_ret').predict();
    expect(block).toMatchObject({ rcx: 6n, r10: 7n, r12: given(6), rbx: given(10), rsi: given(12) });
    expect(Object.keys(block)).toHaveLength(13);
  });

  it('__tdcall_saved_ret passes and stores thirteen, also when the call fails', () => {
    const { call, block, final } = run('__tdcall_saved_ret').predict();
    expect(call).toEqual({
      rax: 0n,
      ...six,
      r12: given(6),
      r13: given(7),
      r14: given(8),
      r15: given(9),
      rbx: given(10),
      rdi: given(11),
      rsi: given(12),
    });
    expect(block).toMatchObject({ rcx: 6n, r10: 7n, rsi: 8n });
    expect(final.rax, 'the status, not R10').toBe(5n);
  });
});

describe('what other contracts may say', () => {
  const { contract } = builtInContract('linux-6.4/__tdx_hypercall_ret');
  const run = (change: Partial<Contract>): Run =>
    new Run('linux-6.4/__tdx_hypercall_ret', change).answer('rax', 0n).answer('r10', 0n).answer('rdx', 4n);
  const when = (condition: 'status-success' | 'r10-success'): Partial<Contract> => ({
    onFailure: 'returns',
    outputs: { ...contract.outputs, when: [condition] },
  });

  it('outputs only after status 0', () => {
    expect(run(when('status-success')).predict().block.rdx).toBe(4n);
    expect(run(when('status-success')).answer('r10', 1n).predict().block.rdx).toBe(4n);
    for (const status of [1n, HIGH])
      expect(run(when('status-success')).answer('rax', status).predict().block.rdx).toBe(given(11));
  });

  it('outputs only after R10 0', () => {
    expect(run(when('r10-success')).predict().block.rdx).toBe(4n);
    for (const result of [1n, HIGH])
      expect(run(when('r10-success')).answer('r10', result).predict().block.rdx).toBe(given(11));
  });

  it('outputs only with two flags at once', () => {
    const both = (flags: bigint): bigint =>
      new Run('linux-5.19/__tdx_hypercall', {
        outputs: { fields: { r11: 'r11' }, when: [{ flag: 'HAS_OUTPUT' }, { flag: 'ISSUE_STI' }] },
      })
        .answer('rax', 0n)
        .answer('r11', 7n)
        .entry('rsi', flags)
        .predict().block.r11;
    expect([0n, 1n, 2n, 3n].map(both)).toEqual([given(1), given(1), given(1), 7n]);
  });

  it('the status if it is not 0, and else R10', () => {
    const either = (): Run => run({ returns: 'status-or-r10', onFailure: 'returns' }).answer('r10', 9n);
    expect(either().predict().final.rax).toBe(9n);
    expect(either().answer('rax', HIGH).predict().final.rax).toBe(HIGH);
    expect(either().answer('rax', 3n).predict().final.rax).toBe(3n);
  });

  it('arguments on the stack', () => {
    const stack = new Run('linux-6.4/__tdx_module_call', {
      parameters: [{ kind: 'leaf', name: 'fn', place: { stack: 2 } }],
      inputs: { rax: { parameter: 'fn' }, rcx: { constant: '0xffffffff00000001' } },
    }).entry('stack2', 0x77n + HIGH);
    expect(stack.predict().call).toEqual({ rax: 0x77n + HIGH, rcx: 0xffffffff_00000001n });
  });
});

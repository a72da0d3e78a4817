import { describe, expect, it } from 'vitest';
import { TDX_SEAMCALL_GP, TDX_SEAMCALL_UD, TDX_SEAMCALL_VMFAILINVALID } from '../abi/linux-constants.js';
import { OUTCOME } from '../../src/observation/layout.js';
import type { RegisterName } from '../../src/x86/registers.js';
import { BALANCED, given, HIGH, Run } from './made-run.test.helper.js';

const THIRTEEN = ['rcx', 'rdx', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15', 'rbx', 'rdi', 'rsi'] as const;
const NOT_ENTERED = [
  ['vmFailInvalid', TDX_SEAMCALL_VMFAILINVALID],
  ['generalProtection', TDX_SEAMCALL_GP],
  ['invalidOpcode', TDX_SEAMCALL_UD],
] as const;

const answers = (run: Run): Run =>
  THIRTEEN.reduce(
    (so, name, index) => so.answer(name as RegisterName, 0xa0n + BigInt(index) + HIGH),
    run.answer('rax', 5n),
  );
const savedRet = (): Run => answers(new Run('linux-6.7/__seamcall_saved_ret'));
const unchanged = Object.fromEntries(THIRTEEN.map((name, index) => [name, given(index)]));
const stored = Object.fromEntries(THIRTEEN.map((name, index) => [name, 0xa0n + BigInt(index) + HIGH]));

describe('__seamcall_saved_ret', () => {
  it('puts the leaf and thirteen fields into the registers', () => {
    expect(savedRet().entry('rdi', 48n).predict().call).toEqual({ rax: 48n, ...unchanged });
  });

  it('returns the status, balanced, and stores thirteen outputs, whatever the status', () => {
    for (const status of [0n, 5n, 0x80000200_00000000n]) {
      const { final, block, other } = savedRet().answer('rax', status).predict();
      expect(final).toEqual({ rax: status, ...BALANCED, rflags: 2n });
      expect(block).toEqual(stored);
      expect(other).toBe(0);
    }
  });

  it.each(NOT_ENTERED)('returns the error code for %s, and leaves the block alone', (outcome, code) => {
    const { final, block } = savedRet().fact('outcome', OUTCOME[outcome]).predict();
    expect(final).toEqual({ rax: code, ...BALANCED, rflags: 2n });
    expect(block).toEqual(unchanged);
  });

  it.each(NOT_ENTERED)('that does not return from %s has no status, and no reason to store', (outcome) => {
    const { final, block } = savedRet().fact('outcome', OUTCOME[outcome]).ended('faulted').predict();
    expect(final).toEqual({});
    expect(block).toEqual(unchanged);
  });

  it('never called, has no status and no outputs', () => {
    const { final, block } = new Run('linux-6.7/__seamcall_saved_ret').predict();
    expect(final).toEqual({ ...BALANCED, rflags: 2n });
    expect(block).toEqual(unchanged);
  });

  it('knows no outputs of a run that faulted half-way', () => {
    expect(savedRet().ended('faulted').predict().block).toEqual({});
  });
});

describe('the other forms', () => {
  it('__seamcall stores nothing, __seamcall_ret six', () => {
    expect(answers(new Run('linux-6.7/__seamcall')).predict().block).toEqual(unchanged);
    const six = Object.fromEntries(THIRTEEN.slice(0, 6).map((name) => [name, stored[name]]));
    expect(answers(new Run('linux-6.7/__seamcall_ret')).predict().block).toEqual({ ...unchanged, ...six });
  });

  it('of 2023 takes its operands from parameters, and stores where a block is given', () => {
    const run = (): Run =>
      answers(new Run('linux-seamcall-2023/__seamcall'))
        .entry('rdi', 24n)
        .entry('rsi', 1n)
        .entry('rdx', 2n)
        .entry('rcx', 3n)
        .entry('r8', 4n);
    const { call, block } = run().predict();
    expect(call).toEqual({ rax: 24n, rcx: 1n, rdx: 2n, r8: 3n, r9: 4n });
    expect(block).toEqual(Object.fromEntries(THIRTEEN.slice(0, 6).map((name) => [name, stored[name]])));
    expect(run().place('null').predict().block).toEqual({});
  });

  it('with outputs on success alone', () => {
    const run = (status: bigint): Run =>
      answers(
        new Run('linux-6.7/__seamcall_ret', { outputs: { fields: { rcx: 'rcx' }, when: ['status-success'] } }),
      ).answer('rax', status);
    expect(run(0n).predict().block.rcx).toBe(stored.rcx);
    expect(run(1n).predict().block.rcx).toBe(unchanged.rcx);
  });
});

import { describe, expect, it } from 'vitest';
import { handleCpuid } from './cpuid.js';
import { exception, follow, last, LINUX, moments, OK } from './follow.test.helper.js';
import { MMIO_INSTRUCTION } from './mmio.js';
import { readMsr, writeMsr } from './msr.js';
import { getVeInfo, handleVirtException } from './ve-dispatch.js';

const TRUE = { value: 1n, mask: 0xffn };
const FALSE = { value: 0n, mask: 0xffn };
const LENGTH = { value: 2n, mask: 0xffffffffn };

describe('MSRs', () => {
  const values = exception({
    'regs.cx': 0xdead0000c0000080n,
    'regs.ax': 0xdead000000000001n,
    'regs.dx': 0xbeef00000002n,
  });

  it('a read gives two halves', () => {
    const exchanges = follow(readMsr(LINUX, values), { ...OK, r11: 0xffffffff80000000n });
    expect(exchanges[0].values).toMatchObject({ r11: 31n, r12: 0xc0000080n, r13: 0n });
    expect(last(exchanges, 'rax', 'regs.ax', 'regs.dx', 'regs.cx')).toEqual([
      LENGTH,
      0x80000000n,
      0xffffffffn,
      0xdead0000c0000080n,
    ]);
  });

  it('a write takes two halves', () => {
    const exchanges = follow(writeMsr(LINUX, values), OK);
    expect(exchanges[0].values).toMatchObject({ r11: 32n, r12: 0xc0000080n, r13: 0x200000001n });
    expect(last(exchanges, 'rax', 'regs.ax')).toEqual([LENGTH, 0xdead000000000001n]);
  });

  it('a refusal is an error and changes nothing', () => {
    const exchanges = follow(readMsr(LINUX, values), { ...OK, r10: 1n << 63n, r11: 7n });
    const [rax, ax] = last(exchanges, 'rax', 'regs.ax');
    expect([rax, ax]).toEqual([{ value: 0x80000000n, mask: 0x80000000n }, 0xdead000000000001n]);
  });
});

describe('CPUID', () => {
  const at = (ax: bigint): Parameters<typeof handleCpuid> => [
    LINUX,
    exception({ 'regs.ax': ax, 'regs.cx': 0xdead00000003n }),
  ];

  it('takes two halves and gives four', () => {
    const results = { r12: 0xff00000001n, r13: 0xff00000002n, r14: 0xff00000003n, r15: 0xff00000004n };
    const exchanges = follow(handleCpuid(...at(0xdead40000000n)), { ...OK, ...results });
    expect(exchanges[0].values).toMatchObject({ r11: 10n, r12: 0x40000000n, r13: 3n });
    expect(last(exchanges, 'rax', 'regs.ax', 'regs.bx', 'regs.cx', 'regs.dx')).toEqual([LENGTH, 1n, 2n, 3n, 4n]);
  });

  it.each([0x3fffffffn, 0x50000000n, 0n, 0x80000000n])('outside of the range there is no call (0x%s)', (leaf) => {
    const exchanges = follow(handleCpuid(...at(leaf)));
    expect(moments(exchanges)).toEqual(['return']);
    expect(last(exchanges, 'regs.ax', 'regs.bx', 'regs.cx', 'regs.dx')).toEqual([0n, 0n, 0n, 0n]);
  });

  it('the last leaf of the range is the host’s', () => {
    expect(moments(follow(handleCpuid(...at(0x4fffffffn))))).toEqual(['TDVMCALL']);
  });
});

describe('the dispatch', () => {
  const read = {
    'insn.kind': MMIO_INSTRUCTION.read,
    'insn.size': 1n,
    'insn.length': 7n,
    'insn.register': 0n,
    'insn.address': 1n << 63n,
    've.gla': 1n << 63n,
    've.gpa': 1n << 47n,
    shared_mask: 1n << 47n,
    if: 0n,
  };
  const of = (reason: bigint, more = {}): Parameters<typeof handleVirtException> => [
    LINUX,
    exception({ ...read, 've.exit_reason': reason, 've.instr_len': 3n, 'regs.ip': 0x100n, ...more }),
  ];

  it.each([
    ['HLT', 12n, 0x103n],
    ['IO', 30n, 0x103n],
    ['RDMSR', 31n, 0x103n],
    ['WRMSR', 32n, 0x103n],
    ['EPT violation', 48n, 0x107n],
  ])('RIP goes on behind %s', (_, reason, ip) => {
    const exchanges = follow(handleVirtException(...of(reason)), { ...OK, r11: 0n });
    expect(exchanges[0].values['r11']).toBe(reason);
    expect(last(exchanges, 'rax', 'regs.ip')).toEqual([TRUE, ip]);
  });

  it('RIP goes on behind CPUID, called or not', () => {
    const exchanges = follow(handleVirtException(...of(10n)));
    expect(last(exchanges, 'rax', 'regs.ip')).toEqual([TRUE, 0x103n]);
  });

  it('RIP stays when the host refuses, when HLT comes with interrupts on, and for what nobody emulates', () => {
    const refused = follow(handleVirtException(...of(31n)), { ...OK, r10: 1n });
    expect(last(refused, 'rax', 'regs.ip')).toEqual([FALSE, 0x100n]);
    const lost = follow(handleVirtException(...of(12n, { if: 1n })));
    expect([moments(lost), ...last(lost, 'rax', 'regs.ip')]).toEqual([['return'], FALSE, 0x100n]);
    expect(last(follow(handleVirtException(...of(54n))), 'rax', 'regs.ip')).toEqual([FALSE, 0x100n]);
  });

  it('a private page that is gone stops the guest', () => {
    expect(moments(follow(handleVirtException(...of(48n, { 've.gpa': 0x1000n }))))).toEqual(['stop']);
    expect(moments(follow(handleVirtException(...of(31n, { 've.gpa': 0x1000n }))))).toEqual(['TDVMCALL']);
  });
});

describe('the #VE record', () => {
  it('is split as the module packs it', () => {
    const answer = { status: 0n, rcx: 48n, rdx: 1n, r8: 2n, r9: 3n, r10: 0x500000004n, r11: 9n };
    const exchanges = follow(getVeInfo(), answer);
    expect(exchanges[0]).toMatchObject({ moment: 'TDCALL', values: { rax: 3n, rcx: 0n, r11: 0n } });
    expect(last(exchanges, 've.exit_reason', 've.instr_len', 've.instr_info')).toEqual([48n, 4n, 5n]);
  });

  it('that cannot be had stops the guest', () => {
    expect(moments(follow(getVeInfo(), { status: 1n << 63n }))).toEqual(['TDCALL', 'stop']);
  });
});

import { describe, expect, it } from 'vitest';
import type { Values } from '../../exchange/exchange.js';
import { exception, follow, last, LINUX, moments, OK } from './follow.test.helper.js';
import { handleMmio, MMIO_INSTRUCTION } from './mmio.js';

const KERNEL = 0xffff888000001000n;

/** RBX = 0x1122334455667788, one byte, seven bytes of code. */
function access(kind: keyof typeof MMIO_INSTRUCTION, more: Values = {}): Parameters<typeof handleMmio> {
  const insn = { 'insn.kind': MMIO_INSTRUCTION[kind], 'insn.size': 1n, 'insn.opnd_bytes': 4n, 'insn.length': 7n };
  const where = { 'insn.register': 3n, 'insn.immediate': 0n, 'insn.address': KERNEL };
  const ve = { 've.gla': KERNEL, 've.gpa': 0x8000fee00000n, 'regs.bx': 0x1122334455667788n };
  return [LINUX, exception({ ...insn, ...where, ...ve, ...more })];
}

describe('a write', () => {
  it.each([
    [1n, 0x88n],
    [2n, 0x7788n],
    [4n, 0x55667788n],
    [8n, 0x1122334455667788n],
  ])('of %s bytes of a register shows 0x%s', (size, data) => {
    const exchanges = follow(handleMmio(...access('write', { 'insn.size': size })), OK);
    expect(exchanges[0].values).toMatchObject({ r11: 48n, r12: size, r13: 1n, r14: 0x8000fee00000n, r15: data });
    expect(last(exchanges, 'rax', 'operand')).toEqual([{ value: 7n, mask: 0xffffffffn }, 0x1122334455667788n]);
  });

  it('of an immediate shows its bytes, with or without its sign', () => {
    const immediate = { 'insn.size': 4n, 'insn.immediate': 0xffffffff80000000n };
    const [call] = follow(handleMmio(...access('writeImmediate', immediate)));
    expect(call.values['r15']).toEqual({ oneOf: [0x80000000n, 0xffffffff80000000n] });
  });
});

describe('a read', () => {
  it.each([
    ['read', 1n, 1n, 0x11223344556677f1n],
    ['read', 2n, 2n, 0x112233445566f2f1n],
    ['read', 4n, 4n, 0x00000000f4f3f2f1n],
    ['read', 8n, 8n, 0xf8f7f6f5f4f3f2f1n],
    ['readZeroExtend', 1n, 2n, 0x11223344556600f1n],
    ['readZeroExtend', 1n, 4n, 0x00000000000000f1n],
    ['readZeroExtend', 2n, 8n, 0x000000000000f2f1n],
    ['readSignExtend', 1n, 2n, 0x112233445566fff1n],
    ['readSignExtend', 2n, 4n, 0x00000000fffff2f1n],
    ['readSignExtend', 1n, 8n, 0xfffffffffffffff1n],
  ] as const)('%s of %s bytes into %s', (kind, size, operand, bx) => {
    const story = access(kind, { 'insn.size': size, 'insn.opnd_bytes': operand });
    const exchanges = follow(handleMmio(...story), { ...OK, r11: 0xf8f7f6f5f4f3f2f1n });
    expect(exchanges[0].values).toMatchObject({ r12: size, r13: 0n, r15: 0n });
    expect(last(exchanges, 'operand', 'regs.ax')).toEqual([bx, 0x100an]);
  });

  it('that extends a positive number by its sign', () => {
    const exchanges = follow(handleMmio(...access('readSignExtend')), { ...OK, r11: 0xff7fn });
    expect(last(exchanges, 'operand')).toEqual([0x7fn]);
  });

  it('that the host refuses is an error and changes nothing', () => {
    const exchanges = follow(handleMmio(...access('read')), { ...OK, r10: 1n, r11: 5n });
    expect(last(exchanges, 'rax', 'operand')).toEqual([{ value: 0x80000000n, mask: 0x80000000n }, 0x1122334455667788n]);
  });
});

describe('without a call it refuses', () => {
  const EINVAL = 0xffffffean;
  const EFAULT = 0xfffffff2n;
  const split = { 'insn.size': 2n, 'insn.address': KERNEL + 0xfffn };
  it.each([
    ['undecodable', {}, EINVAL],
    ['string', {}, EINVAL],
    ['read', { 've.gla': 0x7ffffffff000n }, EINVAL],
    ['read', { 'regs.cs': 0x33n }, EFAULT],
    ['read', split, EFAULT],
    ['read', { ...split, 've.gla': KERNEL + 0x1000n }, EFAULT],
  ] as const)('%s %o', (kind, more, error) => {
    const exchanges = follow(handleMmio(...access(kind, more)), OK);
    expect(moments(exchanges)).toEqual(['return']);
    expect(last(exchanges, 'rax')).toEqual([{ value: error, mask: 0xffffffffn }]);
  });

  it('with several reasons by any error', () => {
    const exchanges = follow(handleMmio(...access('string', { 'regs.cs': 0x33n })), OK);
    expect(last(exchanges, 'rax')).toEqual([{ value: 0x80000000n, mask: 0x80000000n }]);
  });

  it('but not an access that ends with its page', () => {
    const whole = { 'insn.size': 2n, 'insn.address': KERNEL + 0xffen };
    expect(moments(follow(handleMmio(...access('read', whole))))).toEqual(['TDVMCALL']);
  });
});

import { describe, expect, it } from 'vitest';
import { exception, follow, last, LINUX, moments, OK } from './follow.test.helper.js';
import { handleIo, ioIn, ioOut, portIn, portOut } from './port-io.js';

const ONES = 0xffffffffffffffffn;

describe('tdx_io_in', () => {
  it.each([
    [1n, 0xffn],
    [2n, 0xffffn],
    [4n, 0xffffffffn],
  ])('of %s bytes asks for them and gives no more', (size, value) => {
    const exchanges = follow(ioIn(LINUX, { size, port: 0xdead_03f8n }), { ...OK, r11: ONES });
    expect(exchanges[0].values).toMatchObject({ r11: 30n, r12: size, r13: 0n, r14: 0x3f8n, r15: 0n });
    expect(last(exchanges, 'rax')).toEqual([{ value, mask: 0xffffffffn }]);
  });

  it('gives all ones when the host refuses', () => {
    const exchanges = follow(ioIn(LINUX, { size: 1n, port: 1n }), { ...OK, r10: 1n << 63n, r11: 5n });
    expect(last(exchanges, 'rax')).toEqual([{ value: 0xffffffffn, mask: 0xffffffffn }]);
  });
});

it('tdx_io_out shows as many bytes as it is wide', () => {
  const [call] = follow(ioOut(LINUX, { size: 2n, port: 0x80n, value: ONES }));
  expect(call.values).toMatchObject({ r11: 30n, r12: 2n, r13: 1n, r14: 0x80n, r15: 0xffffn });
});

it('the form of 2021 is as wide as its name', () => {
  expect(last(follow(portIn(2)(LINUX, { port: 0n }), { ...OK, r11: ONES }), 'rax')).toEqual([
    { value: 0xffffn, mask: 0xffffn },
  ]);
  const refused = follow(portIn(1)(LINUX, { port: 0n }), { ...OK, r10: 1n, r11: 0n });
  expect(last(refused, 'rax')).toEqual([{ value: 0xffn, mask: 0xffn }]);
  expect(follow(portOut(1)(LINUX, { port: 0n, value: 0x1ffn }))[0].values).toMatchObject({ r12: 1n, r15: 0xffn });
});

describe('handle_io', () => {
  /** Port 0x3f8; bit 3 IN, bit 4 string, bits 2:0 bytes less one. */
  const at = (low: bigint): Parameters<typeof handleIo> => [
    LINUX,
    exception({ 've.exit_qual': (0x3f8n << 16n) | low, 'regs.ax': 0x1122334455667788n }),
  ];

  it.each([
    [0x8n, 1n, 0x11223344556677ffn],
    [0x9n, 2n, 0x112233445566ffffn],
    [0xbn, 4n, 0x00000000ffffffffn],
  ])('IN (qualification %s) of %s bytes', (low, size, ax) => {
    const exchanges = follow(handleIo(...at(low)), { ...OK, r11: ONES });
    expect(exchanges[0].values).toMatchObject({ r12: size, r13: 0n, r14: 0x3f8n, r15: 0n });
    expect(last(exchanges, 'rax', 'regs.ax', 'regs.bx')).toEqual([{ value: 2n, mask: 0xffffffffn }, ax, 0x1005n]);
  });

  it.each([
    [0x0n, 0x88n],
    [0x1n, 0x7788n],
    [0x3n, 0x55667788n],
  ])('OUT (qualification %s) shows 0x%s alone, and changes nothing', (low, data) => {
    const exchanges = follow(handleIo(...at(low)), OK);
    expect(exchanges[0].values).toMatchObject({ r13: 1n, r15: data });
    expect(last(exchanges, 'regs.ax')).toEqual([0x1122334455667788n]);
  });

  it('a string instruction is refused without a call', () => {
    const exchanges = follow(handleIo(...at(0x18n)), OK);
    expect(moments(exchanges)).toEqual(['return']);
    expect(last(exchanges, 'rax')).toEqual([{ value: 0xfffffffbn, mask: 0xffffffffn }]);
  });

  it('what the host refuses is an error, and none of its values is in RAX', () => {
    const exchanges = follow(handleIo(...at(0x8n)), { ...OK, r10: 1n << 63n, r11: 0x99n });
    expect(last(exchanges, 'rax', 'regs.ax')).toEqual([
      { value: 0x80000000n, mask: 0x80000000n },
      { oneOf: [0x1122334455667788n, 0x1122334455667700n, 0x1122334455667700n] },
    ]);
  });
});

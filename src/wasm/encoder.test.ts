import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { appendSigned, appendUnsigned, encodeModule, FunctionBody } from './encoder.js';
import { createLinearMemory, instantiate } from './host.js';
import { WASM, WASM_MEMORY, WASM_TYPE } from './opcodes.js';

describe('LEB128', () => {
  it.each([
    [0, [0]],
    [127, [127]],
    [128, [0x80, 1]],
    [624485, [0xe5, 0x8e, 0x26]],
    [0xffffffff, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('unsigned %d', (value, expected) => {
    const bytes: number[] = [];
    appendUnsigned(bytes, value);
    expect(bytes).toEqual(expected);
  });

  it.each([
    [0n, [0]],
    [-1n, [0x7f]],
    [63n, [0x3f]],
    [64n, [0xc0, 0]],
    [-64n, [0x40]],
    [-65n, [0xbf, 0x7f]],
    [-123456n, [0xc0, 0xbb, 0x78]],
  ])('signed %d', (value, expected) => {
    const bytes: number[] = [];
    appendSigned(bytes, value);
    expect(bytes).toEqual(expected);
  });
});

const memory = createLinearMemory(100);

test.prop([fc.integer(), fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n })])(
  'a module computes what it was built from',
  (small, wide) => {
    const body = new FunctionBody(1);
    const local = body.local(WASM_TYPE.i64);
    body.i64(wide).set(local).i32(8).get(local).memory(WASM_MEMORY.i64Store, 16);
    const done = body.block();
    body.get(0).op(WASM.i32Eqz).brIf(done);
    body.i32(0).i32(small).memory(WASM_MEMORY.i32Store, 0).end();
    body.get(local).op(WASM.i32WrapI64);
    const run = instantiate(encodeModule(body, 1, memory.pages), memory) as unknown as (x: number) => number;
    const view = new DataView(memory.buffer);
    view.setInt32(0, 12345, true);
    expect(run(0)).toBe(Number(BigInt.asIntN(32, wide)));
    expect(view.getInt32(0, true)).toBe(12345);
    expect(view.getBigInt64(24, true)).toBe(wide);
    run(1);
    expect(view.getInt32(0, true)).toBe(small);
  },
);

it('refuses structures that do not fit', () => {
  const open = new FunctionBody(0);
  const label = open.block();
  expect(() => open.encode()).toThrow('open');
  open.end();
  expect(() => open.br(label)).toThrow('closed');
});

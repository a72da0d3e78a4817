import { describe, expect, test } from 'vitest';
import { contractSchema, type Contract } from '../contract/contract.js';
import { ImageError } from '../image/image.js';
import { BLOCK, FACT, registerSlot, slotValue } from '../observation/layout.js';
import { ALIASED, PLACE, PLACE_NAMES } from '../scenario/layout.js';
import { BARE_CONTRACT, Bench, clear, load, RET, store, TEXT } from './made-function.test.helper.js';

function contract(changes: Record<string, unknown>): Contract {
  return contractSchema.parse({ ...BARE_CONTRACT, ...changes });
}

const layout = (size: number): Record<string, unknown> => ({ size, fields: { first: 0, last: size - 8 } });
const blocks = (...registers: string[]): Record<string, unknown>[] =>
  registers.map((register, index) => ({
    kind: 'block',
    name: `b${index}`,
    place: { register },
    nullable: true,
    layout: layout(64),
    ...(index === 1 && { mayAlias: 'b0' }),
  }));

describe('several blocks', () => {
  const bench = new Bench([RET], contract({ parameters: blocks('rdi', 'rsi', 'rdx', 'rcx') }));
  const apart = ['valid', 'callerFrame', 'partlyMapped', 'readOnly', 'lowHalfZero'] as const;
  const at = (observation: Int32Array, register: 'rdi' | 'rsi' | 'rdx' | 'rcx'): bigint =>
    slotValue(observation, registerSlot('initial', register));

  test.each(apart.flatMap((one) => apart.map((other) => [one, other] as const)))(
    'lie apart: %s and %s',
    (one, other) => {
      for (const offset of [0n, 127n, 128n, 255n]) {
        const observation = bench.run({
          'block.place': BigInt(PLACE[one]),
          'block.offset': offset,
          ...Object.fromEntries(
            [1, 2, 3].flatMap((index) => [
              [`block${index}.place`, BigInt(PLACE[other])],
              [`block${index}.offset`, 255n - offset],
            ]),
          ),
        });
        const found = (['rdi', 'rsi', 'rdx', 'rcx'] as const).map((register) => at(observation, register));
        for (const [index, low] of found.entries())
          for (const high of found.slice(index + 1))
            expect(low < high ? high - low : low - high).toBeGreaterThanOrEqual(64n);
        expect(slotValue(observation, FACT.end)).toBe(1n);
      }
    },
  );

  test('may lie in one place, where the later fields of one are what the other holds', () => {
    const observation = bench.run({ 'block1.place': BigInt(ALIASED), 'block.field0': 0x11n, 'block.field2': 0x22n });
    expect(at(observation, 'rsi')).toBe(at(observation, 'rdi'));
    expect(slotValue(observation, BLOCK.initial)).toBe(slotValue(observation, BLOCK.initial + 2));
  });

  test('are where every place says, none of which throws', () => {
    for (const place of Object.values(PLACE))
      for (const other of [...PLACE_NAMES.map((name) => PLACE[name]), ALIASED])
        expect(() => bench.run({ 'block.place': BigInt(place), 'block1.place': BigInt(other) })).not.toThrow();
  });

  test('may all be written to, and nothing between them', () => {
    const writes = (offset: number): bigint => {
      const made = new Bench([store('rdx', offset, 'rax'), RET], contract({ parameters: blocks('rdi', 'rsi', 'rdx') }));
      return slotValue(made.run(), FACT.strayWrites);
    };
    expect([writes(0), writes(56), writes(57), writes(-1)]).toEqual([0n, 0n, 1n, 1n]);
  });
});

describe('a narrow parameter', () => {
  const garbage = 0xaabbccdd_99887766n;
  const passed = (convention: string, bytes: number, signed: boolean, place: Record<string, unknown>): bigint => {
    const parameter = { kind: 'value', name: 'v', place, bytes, ...(signed && { signed }) };
    const isRegister = 'register' in place;
    const code = isRegister ? [RET] : [load('rax', 'rsp', convention === 'sysv' ? 8 : 40), RET];
    const bench = new Bench(code, contract({ convention, parameters: [parameter] }));
    const observation = bench.run({ [isRegister ? 'entry.rdx' : 'entry.stack0']: garbage });
    return slotValue(observation, isRegister ? registerSlot('initial', 'rdx') : registerSlot('final', 'rax'));
  };

  test.each<[string, number, boolean, bigint]>([
    ['sysv', 4, false, garbage],
    ['sysv', 2, false, 0xaabbccdd_00007766n],
    ['sysv', 1, true, 0xaabbccdd_00000066n],
    ['sysv', 1, false, 0xaabbccdd_00000066n],
    ['ms-x64', 1, true, garbage],
    ['ms-x64', 2, false, garbage],
  ])('of %s, %i bytes, signed %j', (convention, bytes, signed, expected) => {
    expect(passed(convention, bytes, signed, { register: 'rdx' })).toBe(expected);
    expect(passed(convention, bytes, signed, { stack: 0 })).toBe(expected);
  });

  test('that is negative is extended by its sign', () => {
    const parameter = { kind: 'value', name: 'v', place: { register: 'rdx' }, bytes: 2, signed: true };
    const bench = new Bench([RET], contract({ parameters: [parameter] }));
    expect(slotValue(bench.run({ 'entry.rdx': 0x8001n }), registerSlot('initial', 'rdx'))).toBe(0xffff8001n);
  });
});

test('the last of eleven stack parameters arrives, and is the function’s to write', () => {
  const parameter = { kind: 'value', name: 'v', place: { stack: 10 } };
  const offset = 8 + 80;
  const stray = (at: number): bigint => {
    const bench = new Bench(
      [load('rax', 'rsp', offset), clear('rdx'), store('rsp', at, 'rdx'), RET],
      contract({ parameters: [parameter] }),
    );
    const observation = bench.run({ 'entry.stack10': 0x1234n });
    expect(slotValue(observation, registerSlot('final', 'rax'))).toBe(0x1234n);
    return slotValue(observation, FACT.strayWrites);
  };
  expect([stray(offset), stray(8), stray(offset + 8)]).toEqual([0n, 0n, 1n]);
});

test('fields of few bytes are filled in and read back alone', () => {
  const fields = { low: { offset: 0, bytes: 1 }, odd: { offset: 1, bytes: 2 }, wide: 3 };
  const parameter = {
    kind: 'block',
    name: 'b',
    place: { register: 'rdi' },
    nullable: false,
    layout: { size: 11, fields },
  };
  const bench = new Bench([load('rax', 'rdi'), RET], contract({ parameters: [parameter] }));
  const values = { 'block.field0': 0xffffff11n, 'block.field1': 0xffff3322n, 'block.field2': 0x8877665544n };
  const observation = bench.run(values);
  expect(slotValue(observation, registerSlot('final', 'rax'))).toBe(0x8877665544332211n);
  for (const [index, value] of [0x11n, 0x3322n, 0x8877665544n].entries()) {
    expect(slotValue(observation, BLOCK.initial + index)).toBe(value);
    expect(slotValue(observation, BLOCK.final + index)).toBe(value);
  }
});

describe('own data', () => {
  const bench = (ownData: string[], size = 8): Bench =>
    new Bench([RET], contract({ ownData }), {
      symbols: [{ name: 'counter', address: TEXT + 0x1000n, size, kind: 'object', global: true, segment: '.data' }],
    });

  test('that the image does not have is said', () => {
    expect(() => bench(['counter'])).toThrow(ImageError);
    expect(() => bench(['other'])).toThrow(/"ownData": other, which is no symbol of data that may be written/);
  });
});

import { describe, expect, test } from 'vitest';
import { END, FACT, MOMENT, slotValue } from '../observation/layout.js';
import { PLACE } from '../scenario/layout.js';
import {
  Bench,
  BLOCK_CONTRACT,
  call,
  clear,
  CPUID,
  external,
  INT3,
  jmp,
  jumpThrough,
  load,
  NOP,
  type Piece,
  RET,
  SEAMCALL,
  set64,
  store,
  TDCALL,
  TEXT,
  UD2,
  VADDPS,
} from './made-function.test.helper.js';
import { INSTRUCTION_BUDGET } from './harness.js';
import { REGIONS } from '../stage/layout.js';

const fact = (observation: Int32Array, name: keyof typeof FACT): bigint => slotValue(observation, FACT[name]);
const rip = (observation: Int32Array): bigint => slotValue(observation, MOMENT.final + 16);

function endOf(pieces: readonly Piece[], values: Readonly<Record<string, bigint>> = {}): readonly [number, number] {
  const observation = new Bench(pieces).run(values);
  return [observation[2 * FACT.end], observation[2 * FACT.endDetail]];
}

describe('a run ends', () => {
  test('returned: at the address that the caller gave, in either memory', () => {
    const bench = new Bench([NOP, RET]);
    for (const memory of [0, 1] as const) {
      const observation = bench.run({}, memory);
      expect(observation[2 * FACT.end]).toBe(END.returned);
      expect(fact(observation, 'returnAddress')).toBe(REGIONS[memory].returnAddress);
      expect(rip(observation)).toBe(REGIONS[memory].returnAddress);
      expect(fact(observation, 'instructions')).toBe(2n);
    }
  });

  test('trapped: UD2 is vector 6, INT3 is vector 3', () => {
    expect(endOf([NOP, UD2])).toEqual([END.trapped, 6]);
    expect(endOf([NOP, INT3])).toEqual([END.trapped, 3]);
  });

  test('stopped: a function that never returns', () => {
    const bench = new Bench([call(external(1)), RET], undefined, {
      externals: ['__x86_return_thunk', '__tdx_hypercall_failed'],
    });
    expect(bench.run()[2 * FACT.end]).toBe(END.stopped);
  });

  test('faulted: #PF with its address, #GP for an address that is not canonical, #DE', () => {
    const bench = new Bench([load('rax', 'rbx', 8), RET]);
    const page = bench.run({ 'entry.rbx': 0x1234n });
    expect([page[2 * FACT.end], page[2 * FACT.endDetail]]).toEqual([END.faulted, 14]);
    expect([fact(page, 'faultAddress'), fact(page, 'faultOnBlock')]).toEqual([0x123cn, 0n]);
    expect(rip(page)).toBe(TEXT);
    const wild = bench.run({ 'entry.rbx': 0x8000_0000_0000_0000n });
    expect([wild[2 * FACT.end], wild[2 * FACT.endDetail]]).toEqual([END.faulted, 13]);
    // div %rcx with RCX = 0.
    expect(endOf([clear('rcx'), [0x48, 0xf7, 0xf1], RET])).toEqual([END.faulted, 0]);
  });

  test('faulted: a jump to where no code is', () => {
    const observation = new Bench([set64('r11', 0x41410000n), jumpThrough('r11')]).run();
    expect([observation[2 * FACT.end], fact(observation, 'faultAddress')]).toEqual([END.faulted, 0x41410000n]);
    expect(rip(observation)).toBe(0x41410000n);
  });

  test('faulted: a store into the code', () => {
    const observation = new Bench([set64('rax', TEXT), store('rax', 0, 'rbx'), RET]).run();
    expect([observation[2 * FACT.end], fact(observation, 'faultAddress')]).toEqual([END.faulted, TEXT]);
  });

  test('budget: an endless loop', () => {
    const observation = new Bench([jmp(-2)]).run();
    expect(observation[2 * FACT.end]).toBe(END.budget);
    expect(fact(observation, 'instructions')).toBe(BigInt(INSTRUCTION_BUDGET));
  });

  test('budget: a loop around TDCALL, with every call counted', () => {
    const observation = new Bench([TDCALL, jmp(-6)]).run();
    expect(observation[2 * FACT.end]).toBe(END.budget);
    expect(fact(observation, 'calls')).toBe(BigInt(INSTRUCTION_BUDGET / 2));
  });

  test('unknown: an instruction that the machine does not have, named with its bytes and address', () => {
    const bench = new Bench([NOP, VADDPS, RET]);
    expect(bench.run()[2 * FACT.end]).toBe(END.unknown);
    expect(bench.harness.problem).toMatch(/^unknown instruction vaddps .*c5 fc 58 c0.* 0xffffffff81000001, f\+0x1$/);
  });

  test.each([
    ['seamcall', SEAMCALL],
    ['cpuid', CPUID],
  ])('unknown: %s is no part of a contract for TDCALL', (name, bytes) => {
    const bench = new Bench([NOP, bytes, RET]);
    expect(bench.run()[2 * FACT.end]).toBe(END.unknown);
    expect(bench.harness.problem).toBe(`${name} at f+0x1 is not part of the contract made/f`);
  });

  test('a problem does not outlive its run', () => {
    // Unmapped RBX faults before the unknown instruction.
    const bench = new Bench([load('rax', 'rbx'), VADDPS, RET]);
    bench.run({ 'entry.rbx': REGIONS[0].block.address });
    expect(bench.harness.problem).not.toBe('');
    expect(bench.run({ 'entry.rbx': 0n })[2 * FACT.end]).toBe(END.faulted);
    expect(bench.harness.problem).toBe('');
  });
});

describe('a fault on the block is told from another', () => {
  const touch = (offset: number, write: boolean): Bench =>
    new Bench([write ? store('rdi', offset, 'rbx') : load('rbx', 'rdi', offset), RET], BLOCK_CONTRACT);
  test.each([
    ['null', 0, 1n],
    ['null', 24, 1n],
    ['null', 32, 0n],
    ['unmapped', 24, 1n],
    ['unmapped', 32, 0n],
    ['unmapped', -8, 0n],
    ['readOnly', 8, 1n],
    ['partlyMapped', 24, 1n],
  ] as const)('block %s, offset %i', (place, offset, onBlock) => {
    const observation = touch(offset, true).run({ 'block.place': BigInt(PLACE[place]) });
    expect([observation[2 * FACT.end], fact(observation, 'faultOnBlock')]).toEqual([END.faulted, onBlock]);
  });

  test('what can be read of a bad block is read', () => {
    expect(touch(0, false).run({ 'block.place': BigInt(PLACE.partlyMapped) })[2 * FACT.end]).toBe(END.returned);
    expect(touch(8, false).run({ 'block.place': BigInt(PLACE.readOnly) })[2 * FACT.end]).toBe(END.returned);
    expect(touch(16, false).run({ 'block.place': BigInt(PLACE.partlyMapped) })[2 * FACT.end]).toBe(END.faulted);
  });

  test('a contract without a block has no fault on one', () => {
    const observation = new Bench([store('rdi', 0, 'rbx'), RET]).run({ 'entry.rdi': 0n });
    expect([observation[2 * FACT.end], fact(observation, 'faultOnBlock')]).toEqual([END.faulted, 0n]);
  });
});

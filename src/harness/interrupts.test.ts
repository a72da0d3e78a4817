import { describe, expect, test } from 'vitest';
import { END, FACT, registerSlot, slotValue } from '../observation/layout.js';
import { FAULT } from '../scenario/layout.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import {
  add8,
  Bench,
  clear,
  CLI,
  load,
  NOP,
  type Piece,
  pop,
  push,
  RET,
  set32,
  STI,
  store,
  TDCALL,
  TEXT,
} from './made-function.test.helper.js';
import { REGIONS } from '../stage/layout.js';

const IF = 0x202n;
const HANDLER = 0x1badf00d_deadbeefn;
const interrupt = (kind: keyof typeof FAULT, at: number): Record<string, bigint> => ({
  'fault.kind': BigInt(FAULT[kind]),
  'fault.at': BigInt(at),
  'fault.value': HANDLER,
});
const delivered = (observation: Int32Array): number => observation[2 * FACT.interrupts];

const [{ stack: STACK }] = REGIONS;

describe('an interrupt at each boundary', () => {
  // Two pushes, then work, then two pops: RSP differs along the way.
  const pieces = [push('rbx'), push('r12'), NOP, pop('r12'), pop('rbx'), RET];
  const bench = new Bench(pieces);

  test.each([0, 1, 2, 3, 4, 5])('before instruction %i: overwrites below RSP, nothing above', (at) => {
    for (const kind of ['interrupt', 'nmi'] as const) {
      const plain = bench.run({ 'entry.rflags': IF });
      const before = bench.harness.machine.peekBytes(STACK.address, STACK.size);
      const observation = bench.run({ ...interrupt(kind, at), 'entry.rflags': IF });
      const after = bench.harness.machine.peekBytes(STACK.address, STACK.size);
      expect([delivered(observation), observation[2 * FACT.end]]).toEqual([1, END.returned]);
      expect(bench.harness.interruptedAt >>> 0).toBe(Number(TEXT & 0xffffffffn) + [0, 1, 3, 4, 6, 7][at]);
      // The registers come back, whatever the handler did.
      for (const register of ['rbx', 'r12', 'rsp', 'rax'] as const)
        expect(slotValue(observation, registerSlot('final', register))).toBe(
          slotValue(plain, registerSlot('final', register)),
        );
      const rsp = slotValue(observation, registerSlot('initial', 'rsp')) - 8n * [0n, 1n, 2n, 2n, 1n, 0n][at];
      const changed = [...(after ?? [])].flatMap((byte, index) => (byte === before?.[index] ? [] : [index]));
      const addresses = changed.map((index) => STACK.address + BigInt(index));
      // What was pushed later lies on top of the handler's traces again.
      const pushedLater = at < 2 ? 2 - at : 0;
      expect(addresses[addresses.length - 1]).toBe(rsp - 1n - 8n * BigInt(pushedLater));
      expect(addresses[0]).toBe(rsp - 256n);
    }
  });

  test('a boundary behind the return sees none', () => {
    expect(delivered(bench.run({ ...interrupt('nmi', 7), 'entry.rflags': IF }))).toBe(0);
    expect(bench.harness.interruptedAt).toBe(0);
    expect(delivered(bench.run({ ...interrupt('none', 2), 'entry.rflags': IF }))).toBe(0);
  });

  test('the caller is interrupted where the function came back to it', () => {
    expect(delivered(bench.run(interrupt('nmi', 6)))).toBe(1);
    expect(bench.harness.interruptedAt).toBe(Number(REGIONS[0].returnAddress & 0xffffffffn) | 0);
  });

  test('with IF clear only an NMI comes', () => {
    expect(delivered(bench.run(interrupt('interrupt', 2)))).toBe(0);
    expect(delivered(bench.run(interrupt('nmi', 2)))).toBe(1);
  });
});

test('a value kept below RSP is lost', () => {
  const bench = new Bench([store('rsp', -8, 'rbx'), load('rax', 'rsp', -8), RET]);
  const rax = (values: Record<string, bigint>): bigint =>
    slotValue(bench.run({ 'entry.rbx': 5n, ...values }), registerSlot('final', 'rax'));
  expect(rax({})).toBe(5n);
  expect(rax(interrupt('nmi', 1))).toBe(HANDLER);
});

describe('the shadow of STI', () => {
  const run = (pieces: readonly Piece[], values: Record<string, bigint>): readonly [number, number] => {
    const bench = new Bench(pieces);
    const observation = bench.run(values);
    return [delivered(observation), (bench.harness.interruptedAt >>> 0) % 0x1000];
  };

  test('covers one instruction, where IF was clear', () => {
    expect(run([STI, NOP, NOP, RET], interrupt('interrupt', 0))).toEqual([1, 2]);
    expect(run([STI, NOP, NOP, RET], interrupt('interrupt', 1))).toEqual([1, 2]);
  });

  test('is none where IF was set already', () => {
    expect(run([STI, NOP, NOP, RET], { ...interrupt('interrupt', 1), 'entry.rflags': IF })).toEqual([1, 1]);
  });

  test('CLI in the shadow closes the window again', () => {
    expect(run([STI, CLI, NOP, RET], interrupt('interrupt', 0))).toEqual([0, 0]);
  });

  test('STI directly before TDCALL: nothing comes between, and the shadow ends behind TDCALL', () => {
    const pieces = [clear('rax'), set32('rcx', 0x400), STI, TDCALL, NOP, RET];
    // xor 2, mov 5, sti 1, tdcall 4: the first boundary with interrupts is at 12.
    expect(run(pieces, interrupt('interrupt', 0))).toEqual([1, 12]);
    expect(run(pieces, interrupt('interrupt', 3))).toEqual([1, 12]);
  });

  test('an instruction between STI and TDCALL opens the window', () => {
    const pieces = [clear('rax'), set32('rcx', 0x400), STI, NOP, TDCALL, RET];
    expect(run(pieces, interrupt('interrupt', 0))).toEqual([1, 9]);
  });

  test('an NMI comes in the shadow too', () => {
    expect(run([STI, NOP, NOP, RET], interrupt('nmi', 1))).toEqual([1, 1]);
  });

  test('STI counts, and whether TDCALL follows it', () => {
    const facts = (pieces: readonly Piece[]): number[] => {
      const observation = new Bench([clear('rax'), set32('rcx', 0x400), ...pieces]).run();
      return [observation[2 * FACT.stiCount], observation[2 * FACT.stiBeforeCall]];
    };
    expect(facts([TDCALL, RET])).toEqual([0, 0]);
    expect(facts([STI, TDCALL, RET])).toEqual([1, 1]);
    expect(facts([STI, NOP, TDCALL, RET])).toEqual([1, 0]);
    // The second has no shadow: the first has opened interrupts.
    expect(facts([STI, STI, TDCALL, RET])).toEqual([2, 0]);
    expect(facts([TDCALL, STI, RET])).toEqual([1, 0]);
  });
});

test('what a handler does is no event of the function', () => {
  const bench = new Bench([add8('rax', 1), push('rbx'), pop('rbx'), RET]);
  const kinds = (values: Record<string, bigint>): number[] => {
    bench.run(values);
    const { events, eventCount } = bench.harness.machine;
    return Array.from({ length: eventCount }, (_, index) => events[EVENT_WORDS * index + EVENT_WORD.KIND]);
  };
  expect(kinds({})).toEqual([EVENT.Push, EVENT.Pop, EVENT.Pop]);
  expect(kinds(interrupt('nmi', 1))).toEqual([EVENT.Push, EVENT.Pop, EVENT.Pop]);
});

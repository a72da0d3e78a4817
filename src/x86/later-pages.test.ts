/** Pages that are mapped when they are touched, and code in pages that hold data too. */
import { describe, expect, test } from 'vitest';
import { PAGE_FAULT, VECTOR } from './exit.js';
import { type EngineName, EXIT, Machine } from './machine.js';
import { get, high, low, RETURN, set, STACK, STACK_SIZE } from './testing/run-code.js';

const PAGE = 0x1000;
const LATER = 0xffff_ffff_8100_0000n;
const PAGES = 1000;
const READ_WRITE = { read: true, write: true, execute: false };
const CODE = { read: true, write: false, execute: true };

/** A machine with pages that are mapped later: each has the low half of its number in front. */
function laterMachine(engine: EngineName, permissions: typeof CODE, first?: readonly number[]) {
  const machine = new Machine({ engine, hotRuns: 1 });
  const filled: bigint[] = [];
  machine.mapLater(LATER, PAGES, permissions, (page, target) => {
    filled.push(page);
    if (page === LATER && first !== undefined) target.set(first);
    else new DataView(target.buffer, target.byteOffset).setUint32(0, Number(BigInt.asUintN(32, page >> 12n)), true);
  });
  machine.map(STACK, STACK_SIZE, READ_WRITE);
  machine.addExternal(RETURN);
  return { machine, filled };
}

function call(machine: Machine, at: bigint): number {
  set(machine, 'rip', at);
  set(machine, 'rsp', STACK + 0x800n);
  machine.poke64(low(STACK + 0x800n), high(STACK + 0x800n), low(RETURN), high(RETURN));
  return machine.run(100);
}

const numberOf = (page: bigint): bigint => BigInt.asUintN(32, page >> 12n);
/** mov (%rdi),%rax; ret */
const LOAD = [0x48, 0x8b, 0x07, 0xc3];
/** mov %rax,(%rdi); ret */
const STORE = [0x48, 0x89, 0x07, 0xc3];
const AT = 0x40_0000n;

describe.each(['interpreter', 'wasm'] as const)('pages that are mapped when they are touched (%s)', (engine) => {
  test('are filled once, by whoever comes first, and stay over resets', () => {
    const { machine, filled } = laterMachine(engine, CODE);
    machine.map(AT, PAGE, CODE, Uint8Array.from(LOAD));
    machine.checkpoint();
    for (let run = 0; run < 3; run++) {
      machine.reset();
      for (const page of [LATER + 0x5000n, LATER + 0x3e7000n]) {
        set(machine, 'rdi', page);
        expect(call(machine, AT)).toBe(EXIT.External);
        expect(get(machine, 'rax')).toBe(numberOf(page));
      }
    }
    expect(filled).toEqual([LATER + 0x5000n, LATER + 0x3e7000n]);
    expect(machine.peekBytes(LATER + 0x1ffen, 4)).toEqual(Uint8Array.of(0, 0, 2, 16));
    expect(machine.laterPages).toEqual([{ from: LATER >> 12n, to: (LATER >> 12n) + BigInt(PAGES) }]);
  });

  test('have the permissions that they were given, and nothing is behind them', () => {
    const { machine } = laterMachine(engine, CODE);
    machine.map(AT, PAGE, CODE, Uint8Array.from(STORE));
    machine.checkpoint();
    const errors = [LATER, LATER + BigInt(PAGES * PAGE)].map((at) => {
      set(machine, 'rdi', at);
      expect(call(machine, AT)).toBe(EXIT.Fault);
      expect(machine.exitDetail).toBe(VECTOR.PF);
      return machine.faultErrorCode;
    });
    expect(errors).toEqual([PAGE_FAULT.P | PAGE_FAULT.W, PAGE_FAULT.W]);
  });

  test('what a run writes there is undone', () => {
    const { machine } = laterMachine(engine, READ_WRITE);
    machine.map(AT, PAGE, CODE, Uint8Array.from(STORE));
    machine.checkpoint();
    set(machine, 'rdi', LATER);
    set(machine, 'rax', 0x1234n);
    expect(call(machine, AT)).toBe(EXIT.External);
    expect(machine.peekBytes(LATER, 2)).toEqual(Uint8Array.of(0x34, 0x12));
    machine.reset();
    expect(machine.peekBytes(LATER, 4)).toEqual(Uint8Array.of(0, 0x10, 0xf8, 0xff));
  });

  test('what was touched behind a page that goes with the reset is touched again', () => {
    const { machine, filled } = laterMachine(engine, CODE);
    machine.map(AT, PAGE, CODE, Uint8Array.from(LOAD));
    machine.checkpoint();
    for (let run = 0; run < 3; run++) {
      machine.map(0x50_0000n + BigInt(run * PAGE), PAGE, READ_WRITE);
      set(machine, 'rdi', LATER + 0x2000n);
      expect(call(machine, AT)).toBe(EXIT.External);
      expect(get(machine, 'rax')).toBe(numberOf(LATER + 0x2000n));
      machine.reset();
      expect(machine.offsetOf(0x50_0000n + BigInt(run * PAGE))).toBe(-1);
    }
    expect(filled).toHaveLength(3);
  });

  test('what is mapped is not mapped again, and there is room for no more than there is', () => {
    const { machine } = laterMachine(engine, CODE);
    expect(() => machine.map(LATER + 0x1000n, PAGE, CODE)).toThrow('is mapped already');
    expect(() => machine.mapLater(LATER + 0x3e7000n, 2, CODE, () => undefined)).toThrow('is mapped already');
    expect(() => machine.mapLater(LATER - 0x2000n, 3, CODE, () => undefined)).toThrow('is mapped already');
    expect(() => machine.mapLater(0x7000_0000n, 1024, CODE, () => undefined)).toThrow('give it more memoryBytes');
    expect(() => machine.mapLater(0x9000_0000_0000n, 1, CODE, () => undefined)).toThrow('not canonical');
    expect(() => machine.mapLater(0x7000_0000n, 1, { ...CODE, write: true }, () => undefined)).toThrow('executable');
  });
});

describe.each(['interpreter', 'wasm'] as const)('code beside data in one page (%s)', (engine) => {
  /** mov $NUMBER,%eax; ret */
  const give = (number: number): number[] => [0xb8, number, 0, 0, 0, 0xc3];

  test('data may change: what was made of the code is what the code is', () => {
    const { machine } = laterMachine(engine, CODE, give(1));
    machine.checkpoint();
    const results = [2, 3].map((datum) => {
      machine.reset();
      machine.poke64(low(LATER + 0x800n), high(LATER), datum, 0);
      expect(call(machine, LATER)).toBe(EXIT.External);
      return get(machine, 'rax');
    });
    expect(results).toEqual([1n, 1n]);
  });

  test.each(['before it is first executed', 'afterwards'])(
    'code that is written %s is what runs until the reset',
    (when) => {
      const { machine } = laterMachine(engine, CODE, give(1));
      machine.checkpoint();
      if (when === 'afterwards') call(machine, LATER);
      for (let run = 0; run < 4; run++) {
        machine.reset();
        machine.pokeBytes(LATER, Uint8Array.from(give(7)));
        call(machine, LATER);
        expect(get(machine, 'rax')).toBe(7n);
        machine.reset();
        call(machine, LATER);
        expect(get(machine, 'rax')).toBe(1n);
      }
    },
  );
});

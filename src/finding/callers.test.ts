/** The chain of calls that leads to an instruction. */
import { expect, test } from 'vitest';
import { hex } from '../text/hex.js';
import { Recorder, type Step } from '../run/trace.js';
import { EXIT, Machine } from '../x86/machine.js';
import { get, high, low, set } from '../x86/testing/run-code.js';
import { callersOf } from './callers.js';

const BASE = 0x40_0000n;
const STACK = 0x50_0000n;
const RETURN = 0x60_0000n;
const THUNK = BASE + 0x80n;

/**
 * f: call g; call f2; ret. g: je g.cold; nop; jmp h. g.cold: jmp back into g. h: nop; jmp to the return thunk. f2: nop; ret.
 */
const CODE: Readonly<Record<string, { at: bigint; bytes: number[] }>> = {
  f: { at: BASE, bytes: [...jump(0xe8, 0x00, 0x20), ...jump(0xe8, 0x05, 0x60), 0xc3] },
  g: { at: BASE + 0x20n, bytes: [0x74, 0x70 - 0x22, 0x90, ...jump(0xe9, 0x23, 0x40)] },
  h: { at: BASE + 0x40n, bytes: [0x90, ...jump(0xe9, 0x41, 0x80)] },
  f2: { at: BASE + 0x60n, bytes: [0x90, 0xc3] },
  'g.cold': { at: BASE + 0x70n, bytes: jump(0xe9, 0x70, 0x22) },
  thunk: { at: THUNK, bytes: [0xc3] },
};

/** CALL or JMP rel32. */
function jump(opcode: number, from: number, to: number): number[] {
  const distance = to - (from + 5);
  return [opcode, ...[0, 8, 16, 24].map((shift) => (distance >> shift) & 0xff)];
}

function placeOf(address: bigint): string {
  const [name, { at }] = Object.entries(CODE).findLast(
    ([, code]) => code.at <= address && address < code.at + 0x10n,
  ) ?? ['', { at: 0n }];
  return `${name}+${hex(address - at)}`;
}

/** @param zero whether ZF is set: then g takes its cold part */
function stepsOf(zero: boolean): Step[] {
  const machine = new Machine();
  const bytes = new Uint8Array(0x100);
  for (const code of Object.values(CODE)) bytes.set(code.bytes, Number(code.at - BASE));
  machine.map(BASE, bytes.length, { read: true, write: false, execute: true }, bytes);
  machine.map(STACK, 0x1000, { read: true, write: true, execute: false });
  machine.addExternal(RETURN);
  machine.checkpoint();
  set(machine, 'rip', BASE);
  set(machine, 'rsp', STACK + 0x800n);
  set(machine, 'rflags', zero ? 0x42n : 2n);
  machine.poke64(low(STACK + 0x800n), high(STACK), low(RETURN), high(RETURN));
  const recorder = new Recorder(() => true);
  for (let exit: number = EXIT.Budget; exit === EXIT.Budget;) {
    recorder.before(machine);
    exit = machine.run(1);
    recorder.after(machine, {});
  }
  expect(get(machine, 'rip')).toBe(RETURN);
  return recorder.steps;
}

function callersAt(steps: readonly Step[], place: string): string[] {
  const index = steps.findIndex(({ address }) => placeOf(address) === place);
  expect(index, place).toBeGreaterThanOrEqual(0);
  return callersOf(steps, index, placeOf);
}

test('calls, and jumps to other functions, the last one first', () => {
  const steps = stepsOf(false);
  expect(callersAt(steps, 'f+0x0')).toEqual([]);
  expect(callersAt(steps, 'g+0x0')).toEqual(['f+0x0']);
  expect(callersAt(steps, 'h+0x0')).toEqual(['g+0x3', 'f+0x0']);
  expect(callersAt(steps, 'thunk+0x0')).toEqual(['h+0x1', 'g+0x3', 'f+0x0']);
});

test('whoever has returned, through a thunk too, is no caller any more', () => {
  const steps = stepsOf(false);
  expect(callersAt(steps, 'f+0x5')).toEqual([]);
  expect(callersAt(steps, 'f2+0x1')).toEqual(['f+0x5']);
  expect(callersAt(steps, 'f+0xa')).toEqual([]);
});

test('the part of a function that is seldom run is no other function', () => {
  const steps = stepsOf(true);
  expect(callersAt(steps, 'g.cold+0x0')).toEqual(['f+0x0']);
  expect(callersAt(steps, 'h+0x0')).toEqual(['g+0x3', 'f+0x0']);
});

test('a blamed step that is none has no callers', () => {
  expect(callersOf(stepsOf(false), -1, placeOf)).toEqual([]);
});

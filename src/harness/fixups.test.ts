import { describe, expect, test } from 'vitest';
import type { Fixup } from '../image/image.js';
import { END, FACT, MOMENT, registerSlot, RIP_OFFSET, slotValue } from '../observation/layout.js';
import {
  Bench,
  HOST_CONTRACT,
  load,
  move,
  NOP,
  type Piece,
  RET,
  SEAMCALL,
  TEXT,
  UD2,
} from './made-function.test.helper.js';

const DEFAULT = 1;
const FAULT = 2;
const RDX = 0x1badf00d_00000000n;
/** SEAMCALL at 0, RET at 4; the fixup at 5 moves RAX to RDX. */
const PIECES: readonly Piece[] = [SEAMCALL, RET, move('rdx', 'rax'), RET];
const to = TEXT + 5n;
const made = (...fixups: Fixup[]): Bench => new Bench(PIECES, HOST_CONTRACT, { fixups });
const raised = { 'call.outcome': 2n, 'entry.rax': 24n, 'entry.rdx': RDX };
const final = (observation: Int32Array, name: 'rax' | 'rdx'): bigint =>
  slotValue(observation, registerSlot('final', name));

describe('an exception of SEAMCALL', () => {
  test.each([
    [2n, 13n],
    [3n, 6n],
  ])('outcome %i goes on at the fixup with its trap number in RAX', (outcome, vector) => {
    const observation = made({ from: TEXT, to, type: FAULT }).run({ ...raised, 'call.outcome': outcome });
    expect(observation[2 * FACT.end]).toBe(END.returned);
    expect([final(observation, 'rax'), final(observation, 'rdx')]).toEqual([vector, vector]);
    expect(slotValue(observation, MOMENT.answer + RIP_OFFSET)).toBe(to);
    expect(slotValue(observation, FACT.outcome)).toBe(outcome);
  });

  test('leaves RAX alone with an entry of the default type', () => {
    const observation = made({ from: TEXT, to, type: DEFAULT }).run(raised);
    expect([final(observation, 'rax'), final(observation, 'rdx')]).toEqual([24n, 24n]);
  });

  test('ends the run without an entry, or with one for another instruction', () => {
    for (const bench of [made(), made({ from: TEXT + 4n, to, type: FAULT })]) {
      for (const [outcome, vector] of [
        [2n, 13],
        [3n, 6],
      ] as const) {
        const observation = bench.run({ ...raised, 'call.outcome': outcome });
        expect([observation[2 * FACT.end], observation[2 * FACT.endDetail]]).toEqual([END.faulted, vector]);
      }
    }
  });

  test('has no verdict with an entry of a type that nobody models', () => {
    const bench = made({ from: TEXT, to, type: 3 });
    expect(bench.run(raised)[2 * FACT.end]).toBe(END.unknown);
    expect(bench.harness.problem).toBe('the exception-fixup entry for f+0x0 has type 3, which is not modelled');
    expect(bench.run({ 'entry.rax': 24n })[2 * FACT.end]).toBe(END.returned);
    expect(bench.harness.problem).toBe('');
  });

  test('lets an interrupt come before the first instruction of the fixup', () => {
    const bench = made({ from: TEXT, to, type: FAULT });
    const observation = bench.run({ ...raised, 'fault.kind': 1n, 'fault.at': 1n, 'entry.rflags': 0x202n });
    expect(observation[2 * FACT.interrupts]).toBe(1);
    expect(bench.harness.interruptedAt >>> 0).toBe(Number(to & 0xffffffffn));
  });
});

describe('a fault of another instruction', () => {
  test('is taken as well: an access to nowhere, and UD2', () => {
    for (const [first, vector] of [
      [load('rcx', 'rbx'), 14n],
      [[...UD2, ...NOP, ...NOP], 6n],
    ] as const) {
      const pieces = [first, RET, move('rdx', 'rax'), RET];
      const fixup = { from: TEXT, to: TEXT + 5n, type: FAULT };
      const observation = new Bench(pieces, HOST_CONTRACT, { fixups: [fixup] }).run({ 'entry.rbx': 8n });
      expect([observation[2 * FACT.end], final(observation, 'rdx')]).toEqual([END.returned, vector]);
      expect(observation[2 * FACT.faultOnBlock]).toBe(0);
    }
  });

  test('that leads to itself runs out of the budget', () => {
    const fixup = { from: TEXT, to: TEXT, type: FAULT };
    const observation = new Bench([load('rcx', 'rbx'), RET], HOST_CONTRACT, { fixups: [fixup] }).run({
      'entry.rbx': 8n,
    });
    expect(observation[2 * FACT.end]).toBe(END.budget);
  });
});

/** Programs in Microsoft x64: parameters, shadow space and what a callee keeps are those of the contract's convention. */
import { describe, expect, it } from 'vitest';
import { Dice } from '../../case/dice.js';
import * as made from '../../harness/made-function.test.helper.js';
import { createPlayRunner } from '../../run/open-runner.js';
import { performCall } from '../../play/call.js';
import { ProgramStage } from '../../stage/program-stage.js';
import { findProgram } from '../programs.js';
import { drawStory } from '../../story/case-space.js';
import { highHalf, lowHalf } from '../../halves.js';

const { clear, jnz, load, move, pop, push, RET, set32, store, TDCALL, test64, UD2 } = made;

const MASK = 0xfc00;
const SAVED = ['r12', 'r13', 'r14', 'r15'] as const;
/** Behind four pushes, the return address and the shadow space. */
const FIFTH = 4 * 8 + 8 + 32;

/** `u64 _tdx_hypercall(u64 fn, u64 r12, u64 r13, u64 r14, u64 r15)` */
function hypercall(fifth: number, ...more: readonly made.Piece[]): made.Piece[] {
  return [
    ...SAVED.map(push),
    move('r11', 'rcx'),
    move('r12', 'rdx'),
    move('r13', 'r8'),
    move('r14', 'r9'),
    load('r15', 'rsp', fifth),
    ...more,
    clear('r10'),
    clear('rax'),
    set32('rcx', MASK),
    TDCALL,
    test64('rax'),
    jnz(12),
    move('rax', 'r10'),
    ...[...SAVED].reverse().map(pop),
    RET,
    UD2,
  ];
}

/** What is found in 300 stories. */
function found(pieces: readonly made.Piece[], convention?: 'ms-x64'): string[] {
  const runner = createPlayRunner({
    name: 'made',
    symbol: 'f',
    set: 'made',
    image: made.madeImage(pieces),
    program: {
      symbol: 'f',
      source: 'this test',
      program: 'helper-hypercall',
      ...(convention !== undefined && { convention }),
      options: { mask: 'r10-r15', failure: 'trap' },
    },
  });
  const dice = new Dice([1, 2, 3, 4]);
  const texts = Array.from({ length: 300 }, () => runner.run(drawStory(runner.space, dice)) ?? []).flat();
  return [...new Set(texts.map(({ clause: { property, text } }) => `${property.name}: ${text}`))].sort();
}

describe('a helper in Microsoft x64', () => {
  it('is silent under its own convention, and not under the other one', () => {
    expect(found(hypercall(FIFTH), 'ms-x64')).toEqual([]);
    expect(found(hypercall(FIFTH)).some((text) => text.startsWith('marshals-arguments: '))).toBe(true);
  });

  it('has its fifth parameter above the shadow space', () => {
    expect(found(hypercall(FIFTH - 32), 'ms-x64')).toEqual([
      'marshals-arguments: when(about hypercall, agrees(TDVMCALL.r15))',
    ]);
  });

  it('keeps RDI and RSI', () => {
    expect(found(hypercall(FIFTH, clear('rdi'), clear('rsi')), 'ms-x64')).toEqual([
      'keeps-callee-saved: agrees(return.rdi)',
      'keeps-callee-saved: agrees(return.rsi)',
    ]);
  });

  it('may write to its shadow space, and to nothing above it', () => {
    expect(found(hypercall(FIFTH, store('rsp', FIFTH - 8, 'rcx')), 'ms-x64')).toEqual([]);
    expect(found(hypercall(FIFTH, store('rsp', FIFTH + 8, 'rcx')), 'ms-x64')).toEqual([
      'keeps-stack: agrees(return.stray)',
    ]);
  });
});

it('a function outside has five parameters, and leaves nothing in its shadow space', () => {
  const image = made.madeImage([made.call(made.external(0)), RET], { externals: ['outside'] });
  const stage = new ProgramStage(image, 'f', 'ms-x64');
  stage.begin();
  const parameters = [1n, 2n, 3n, 4n];
  const call = performCall(stage, {
    symbol: 'f',
    parameters,
    graffiti: 5n,
    interrupts: false,
    externals: { outside: { parameters: ['a', 'b', 'c', 'd', 'e'] } },
  });
  const first = call.next();
  const top = stage.register('rsp');
  expect(first.done).toBe(false);
  // The fifth one lies where the caller's own shadow space is: it has made none for the call.
  const fifth = stage.read(top + 40n);
  expect(first.value).toMatchObject({ moment: 'call outside', values: { a: 1n, b: 2n, c: 3n, d: 4n, e: fifth } });
  const before = stage.machine.peek64(lowHalf(top + 8n), highHalf(top + 8n));
  expect(before).toBe(true);
  const left = [stage.machine.peekLow, stage.machine.peekHigh];
  call.next({ rax: 0n });
  stage.machine.peek64(lowHalf(top + 8n), highHalf(top + 8n));
  expect([stage.machine.peekLow, stage.machine.peekHigh]).not.toEqual(left);
});

it('programs around a kernel refuse it', () => {
  const contract = { symbol: 'f', source: 'this test', convention: 'ms-x64', options: {} } as const;
  for (const program of ['round-trip', 'dispatcher-one-exit'])
    expect(() => findProgram(program).open(made.madeImage([RET]), { ...contract, program })).toThrow(
      `${program}: convention: ms-x64: this program is called as System V has it; leave it out`,
    );
});

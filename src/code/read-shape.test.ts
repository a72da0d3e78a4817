import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  call,
  clear,
  load,
  move,
  type Piece,
  RET,
  SEAMCALL,
  set32,
  STI,
  store,
  TDCALL,
  test64,
  TEXT,
  testBits,
  UD2,
  jnz,
  jz,
  jmp,
  push,
  pop,
  madeImage,
} from '../harness/made-function.test.helper.js';
import { parseImage } from '../image/load.js';
import { packageRoot } from '../package-info.js';
import type { CodeShape } from './code-shape.js';
import { readShape } from './read-shape.js';

const ROOT = packageRoot();
const builtIn = (object: string, symbol: string): CodeShape => {
  const path = `corpus/targets/${object}.o`;
  return readShape(parseImage(readFileSync(join(ROOT, path)), path), symbol);
};
const made = (...pieces: readonly Piece[]): CodeShape => readShape(madeImage(pieces), 'f');
const inputs = ({ inputs: all }: CodeShape, ...names: (keyof CodeShape['inputs'])[]): string[] =>
  names.map((name) => all[name].map(({ key }) => key).join('|'));
const ends = ({ outcomes }: CodeShape): string[] =>
  outcomes.map(({ end, conditions }) => [end, ...conditions.map(({ text }) => text)].join('; ')).sort();

describe('a stub with a block and flags', () => {
  const shape = builtIn('guest-6.3', '__tdx_hypercall');

  test('leaf, mask, and the fields that go to registers', () => {
    expect(inputs(shape, 'rax', 'rcx', 'r8', 'rdx')).toEqual(['0x0', '0xffcc', '[rdi]', '[rdi+0x58]']);
  });

  test('ways out, and what each of them looked at', () => {
    expect(ends(shape)).toEqual([
      'noreturn; answer rax is not 0',
      'returns; answer rax is 0; rsi & 0x1 is 0',
      'returns; answer rax is 0; rsi & 0x1 is not 0',
    ]);
  });

  test('parameters: a pointer, and bits that are tested', () => {
    expect(shape.convention).toBe('sysv');
    expect(shape.parameters.map(({ value, isPointer, testedBits }) => [value.key, isPointer, testedBits])).toEqual([
      ['rdi', true, []],
      ['rsi', false, [1n]],
    ]);
  });

  test('the block, before and after', () => {
    expect(shape.blocks).toHaveLength(1);
    const [{ size, reads, writes }] = shape.blocks;
    expect(size).toBe(96);
    expect(reads.map(({ offset, goesTo }) => `${offset} ${goesTo.join()}`)).toContain('80 rbx');
    expect(writes.map(({ offset, register }) => `${offset} ${register}`)).toContain('64 rdi');
  });
});

test('a call of another function in the image is read through', () => {
  const shape = builtIn('helper-7.3', '__tdx_hypercall');
  expect(inputs(shape, 'rax', 'rcx', 'r12')).toEqual(['0x0', '0xffcc', '[rdi+0x30]']);
  expect(shape.sites.map(({ isOwn }) => isOwn)).toEqual([false]);
  expect(shape.blocks[0].prepares.map(({ offset, value }) => `${offset} ${value.key}`)).toEqual(['0 0xffcc']);
  expect(shape.outcomes.find(({ end }) => end === 'returns')?.registers[0].key).toBe('answer r10');
});

test('SEAMCALL: the three ways of not entering, and the fixup', () => {
  const { sites, outcomes } = builtIn('seamcall-2023', '__seamcall');
  expect(sites).toHaveLength(1);
  expect(sites[0].fixup?.givesTrapNumber).toBe(true);
  const results = outcomes.map(({ calls, registers }) => `${calls[0].entered} ${registers[0].key}`);
  expect(results).toContain('vm-fail-invalid 0x8000ff00ffff0000');
  expect(results).toContain('general-protection 0x8000ff000000000d');
  expect(results).toContain('invalid-opcode 0x8000ff0000000006');
});

describe('single things', () => {
  test('STI directly before the instruction, under a test of a whole parameter', () => {
    const { outcomes } = made(test64('rsi'), jz(1), STI, TDCALL, RET);
    const told = outcomes.map(({ calls, conditions }) => `${calls[0].isBehindSti} ${conditions[0].text}`);
    expect(told.sort()).toEqual(['false rsi is 0', 'true rsi is not 0']);
  });

  test('STI with something in between is not directly before it', () => {
    const { outcomes } = made(STI, clear('rax'), TDCALL, RET);
    expect(outcomes[0].calls[0].isBehindSti).toBe(false);
    expect(outcomes[0].stis).toEqual([0]);
  });

  test('a pointer that waits on the stack, and in a register that the leaf leaves alone', () => {
    const onStack = made(push('rsi'), move('rax', 'rdi'), TDCALL, pop('rdx'), store('rdx', 8, 'r8'), RET);
    expect(onStack.blocks.map(({ parameter, writes }) => [parameter.key, writes[0].register])).toEqual([['rsi', 'r8']]);
    const inRegister = made(move('rax', 'rdi'), TDCALL, store('rsi', 8, 'r8'), RET);
    expect(inRegister.blocks[0].parameter.key).toBe('rsi');
  });

  test('a register that the mask exposes is the host’s, whatever was in it', () => {
    const { blocks } = made(clear('rax'), set32('rcx', 0x40), TDCALL, store('rsi', 8, 'r8'), RET);
    expect(blocks).toEqual([]);
  });

  test('NULL passes the instruction over', () => {
    const shape = made(test64('rdi'), jz(4), TDCALL, RET);
    expect(new Set(shape.outcomes.map(({ calls }) => calls.length))).toEqual(new Set([0, 1]));
    expect(shape.parameters.find(({ value }) => value.key === 'rdi')?.isComparedWithZero).toBe(true);
  });

  test('failure that ends in UD2, and one that is never looked at', () => {
    expect(ends(made(TDCALL, test64('rax'), jnz(1), RET, UD2))).toEqual([
      'returns; answer rax is 0',
      'traps; answer rax is not 0',
    ]);
    expect(ends(made(TDCALL, RET))).toEqual(['returns']);
  });

  test('going round for ever, and a retry without end', () => {
    expect(ends(made(TDCALL, jmp(-2)))).toEqual(['loops']);
    expect(ends(made(TDCALL, test64('rax'), jnz(-9), RET))).toContain(
      'loops; answer rax is not 0; answer2 rax is not 0',
    );
  });

  test('CF of SEAMCALL is gone after a TEST: the branch on it is never taken', () => {
    const { outcomes } = made(SEAMCALL, test64('rax'), [0x72, 0x00], RET);
    expect(outcomes.filter(({ end }) => end === 'returns').map(({ conditions }) => conditions.length)).toEqual([0, 0]);
  });

  test('the bytes below RSP', () => {
    const below = made(store('rsp', -8, 'rdi'), TDCALL, RET);
    expect(below.outcomes.map(({ usesRedZone }) => usesRedZone)).toEqual([true]);
    const pushed = made(push('rdi'), TDCALL, load('rax', 'rsp', 0), pop('rdi'), RET);
    expect(pushed.outcomes.map(({ usesRedZone }) => usesRedZone)).toEqual([false]);
  });

  test('a jump to where a register says is the end of reading', () => {
    expect(made([0xff, 0xe0]).outcomes.map(({ end }) => end)).toEqual(['computed-jump']);
  });

  test('recursion and loops without end are cut, and said', () => {
    expect(made(call(TEXT), RET).outcomes.length).toBeGreaterThan(0);
    const forks: Piece[] = Array.from({ length: 40 }, (_, bit) => [testBits('rdi', 1 << (bit % 31)), jz(0)]).flat();
    const many = Array.from({ length: 12 }, (_, at) => [load('rax', 'rdi', 8 * at), test64('rax'), jz(0)]).flat();
    expect(made(...forks, ...many, TDCALL, RET).gap).toMatch(/more than/);
  });
});

import { describe, expect, it } from 'vitest';
import { decodeInstruction } from '../decode.js';
import { encode } from '../encode.js';
import { STATE_SLOTS, TEMPORARY_SLOT } from '../layout.js';
import { ACCESS, OP, RECORD_WORDS } from '../micro-ops.js';
import { liftInstruction, NO_CONSTANT_SLOTS } from '../lift.js';
import { hex } from '../testing/run-code.js';
import { isTranslatable, type MicroOp, microOpsOf } from './micro-op.js';

const T = TEMPORARY_SLOT;

function op(name: keyof typeof OP, d = 0, a = 0, b = 0, x = 0): MicroOp {
  return { op: OP[name], d, a, b, x };
}

describe('what is translated', () => {
  const load = op('Load', T, 1, 0, 8);
  const store = op('Store', 0, 1, T, 8);
  const toRegister = op('Mov', 2, T);

  it.each([
    ['an effect after the last place to leave', [load, store, toRegister, op('Next')], true],
    ['a register written before a load', [toRegister, load, op('Next')], false],
    ['a load into a register before another one', [op('Load', 2, 1, 0, 8), load, op('Next')], false],
    ['an upper state slot written before a load', [op('Mov', STATE_SLOTS - 1, T), load, op('Next')], false],
    ['a temporary written before a load', [op('Mov', T + 1, 2), load, op('Next')], true],
    ['flags written before a check', [op('FlagsLogic', T), op('CheckAligned', 0, 1, 0, 16), op('Next')], false],
    ['two stores', [store, store, op('Next')], false],
    [
      'two stores that were checked together',
      [op('CheckAccess', 0, 1, 0, 16 | ACCESS.ForWrite), store, store, op('Next')],
      true,
    ],
    ['a division after a register', [toRegister, op('DivUnsigned', T, 1, 2, T), op('Next')], false],
    ['a fault', [op('Fault', 0, 0, 0, 6)], false],
    ['an unknown instruction', [op('Unknown')], false],
  ] as const)('%s: %s', (_name, ops, expected) => {
    expect(isTranslatable(ops)).toBe(expected);
  });
});

const packed = (words: number[]): Int32Array =>
  Int32Array.from([...Array.from({ length: RECORD_WORDS }, () => 0), ...encode(words)]);

describe('unpacking a record', () => {
  it('gives the operations that were packed', () => {
    const words = [
      OP.Add,
      T,
      4223,
      3,
      0,
      OP.FlagsAdd,
      T,
      4223,
      3,
      0x7fffffff,
      OP.Mov,
      63,
      T,
      0,
      0,
      OP.JumpIndirect,
      0,
      63,
      0,
      0,
    ];
    expect(microOpsOf(packed(words), 0)).toEqual([
      op('Add', T, 4223, 3),
      op('FlagsAdd', T, 4223, 3, 0x7fffffff),
      op('Mov', 63, T),
      op('JumpIndirect', 0, 63),
    ]);
  });

  it('puts back the Next that was left out, and keeps the halves of a constant', () => {
    const words = [OP.Const, T, -1, 0x12345678, 0, OP.Mov, 2, T, 0, 0, OP.Next, 0, 0, 0, 0];
    expect(microOpsOf(packed(words), 0)).toEqual([op('Const', T, -1, 0x12345678), op('Mov', 2, T), op('Next')]);
  });

  it('goes on behind the check of a REP instruction', () => {
    const words = [OP.RepeatCheck, 0, 1, 0, 0, OP.Store, 0, 7, 0, 8, OP.Repeat, 0, 0, 0, 1];
    expect(microOpsOf(packed(words), 0).map(({ op: number }) => number)).toEqual([OP.RepeatCheck, OP.Store, OP.Repeat]);
  });

  it('refuses what is no micro-operation', () => {
    expect(() =>
      microOpsOf(Int32Array.from([...Array.from({ length: RECORD_WORDS }, () => 0), 0x7e, 0, 0]), 0),
    ).toThrow('no such');
  });
});

describe('instructions that are common in compiled code are translated', () => {
  it.each([
    ['add %rax,(%rdi)', '48 01 07'],
    ['addl $1,8(%rdi)', '83 47 08 01'],
    ['incl (%rdi)', 'ff 07'],
    ['neg (%rdi)', '48 f7 1f'],
    ['shll $3,(%rdi)', 'c1 27 03'],
    ['rol $3,(%rdi)', '48 c1 07 03'],
    ['lock bts %rax,(%rdi)', 'f0 48 0f ab 07'],
    ['lock cmpxchg %rcx,(%rdi)', 'f0 48 0f b1 0f'],
    ['lock cmpxchg16b (%rdi)', 'f0 48 0f c7 0f'],
    ['lock xadd %rax,(%rdi)', 'f0 48 0f c1 07'],
    ['shlx %rax,(%rdi),%rcx', 'c4 e2 f9 f7 0f'],
    ['movups %xmm0,(%rdi)', '0f 11 07'],
    ['punpcklqdq %xmm1,%xmm0', '66 0f 6c c1'],
  ])('%s', (_text, code) => {
    const bytes = hex(code);
    const instruction = decodeInstruction(bytes, 0n);
    const words = liftInstruction(instruction, NO_CONSTANT_SLOTS)!;
    instruction.free();
    expect(isTranslatable(microOpsOf(packed(words), 0))).toBe(true);
  });
});

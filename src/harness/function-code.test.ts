import { describe, expect, test } from 'vitest';
import type { Image } from '../image/image.js';
import { functionCode, type FunctionCode } from './function-code.js';
import {
  call,
  CLD,
  external,
  jmp,
  jumpThrough,
  jumpTo,
  madeImage,
  MOVQ_RDI_XMM0,
  NOP,
  type Piece,
  RET,
  set32,
  set64,
  STD,
  TEXT,
} from './made-function.test.helper.js';

function codeOf(pieces: readonly Piece[], externals: readonly string[] = []): FunctionCode {
  const image = madeImage(pieces, { externals });
  return functionCode(image, TEXT, image.segments[0].size);
}

test('instructions from the first byte to the last, with their constants', () => {
  const { instructions } = codeOf([set32('rcx', 0xfc00), set64('r11', 0x1122334455667788n), RET]);
  expect(instructions.map(({ address, length }) => [address - TEXT, length])).toEqual([
    [0n, 5],
    [5n, 10],
    [15n, 1],
  ]);
  expect(instructions.flatMap(({ immediates }) => immediates)).toEqual([0xfc00n, 0x1122334455667788n]);
});

test('an instruction that the function cuts short ends it', () => {
  const image: Image = madeImage([NOP, set32('rcx', 1)]);
  expect(functionCode(image, TEXT, 3).instructions.at(-1)?.unknown).toBeDefined();
  expect(functionCode(image, 0x1000n, 16).instructions).toEqual([]);
  expect(functionCode(image, TEXT, 0x100000).instructions).toHaveLength(2);
});

describe('what a function can touch at all', () => {
  test.each<[string, readonly Piece[], readonly string[], boolean, boolean]>([
    ['neither', [NOP, RET], [], false, false],
    ['vector state', [MOVQ_RDI_XMM0, RET], [], true, false],
    ['system flags', [STD, CLD, RET], [], false, true],
    ['its own loop', [jmp(-2)], [], false, false],
    ['a thunk', [jumpTo(external(0))], ['__x86_return_thunk'], false, false],
    ['what lies behind its end', [NOP], [], true, true],
    ['padding behind its end', [RET, NOP, NOP], [], false, false],
    ['what lies behind a call that comes back', [call(external(0))], ['__fentry__'], true, true],
    ['nothing behind a call that does not', [call(external(0))], ['panic'], false, false],
    ['another function', [call(TEXT + 0x100n), RET], [], true, true],
    ['an address in a register', [jumpThrough('r11')], [], true, true],
  ])('%s', (_, pieces, externals, vector, systemFlags) => {
    expect(codeOf(pieces, externals).summary).toEqual({ vector, systemFlags });
  });

  test('code right before the function is no part of it', () => {
    expect(codeOf([jumpTo(TEXT - 1n)]).summary).toEqual({ vector: true, systemFlags: true });
  });

  test('a thunk that jumps through a register may go anywhere', () => {
    expect(codeOf([jumpTo(external(0))], ['__x86_indirect_thunk_r11']).summary).toEqual({
      vector: true,
      systemFlags: true,
    });
  });
});

import { describe, expect, it } from 'vitest';
import {
  clear,
  INT3,
  jz,
  madeImage,
  move,
  NOP,
  type Piece,
  RET,
  TDCALL,
  test64,
  TEXT,
} from '../harness/made-function.test.helper.js';
import type { Image } from '../image/image.js';
import { entriesOf } from './entries.js';

/** Comes back early, so that a RET stands in its middle. */
const FIRST: readonly Piece[] = [test64('rdi'), jz(1), RET, clear('rax'), TDCALL, RET];
const SECOND: readonly Piece[] = [move('rcx', 'rdi'), clear('rax'), TDCALL, RET];
const lengthOf = (pieces: readonly Piece[]): number =>
  pieces.reduce((sum, piece) => sum + (piece as readonly number[]).length, 0);

function stripped(pieces: readonly Piece[]): Image {
  return { ...madeImage(pieces), symbols: [] };
}
const placesOf = (image: Image): string[] => entriesOf(image).map(({ symbol }) => symbol);
const at = (offset: number): string => `0x${(TEXT + BigInt(offset)).toString(16)}`;

describe('functions without a symbol', () => {
  it.each<[string, readonly Piece[]]>([
    ['nothing', []],
    ['INT3', [INT3, INT3, INT3]],
    ['NOP', [NOP, NOP]],
    [
      'long NOP',
      [
        [0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00],
        [0x0f, 0x1f, 0x00],
      ],
    ],
    ['zeros', [[0, 0, 0, 0]]],
  ])('begin where the one before ends, with %s in between', (_, padding) => {
    const image = stripped([...FIRST, ...padding, ...SECOND]);
    const offset = lengthOf([...FIRST, ...padding]);
    expect(placesOf(image)).toEqual(['.text+0x0', `.text+0x${offset.toString(16)}`]);
    const linked: Image = { ...image, format: 'elf-executable' };
    expect(placesOf(linked)).toEqual([at(0), at(offset)]);
  });

  it('have a name in the image that they come with', () => {
    for (const { symbol, image, isNameless } of entriesOf(stripped([...FIRST, ...SECOND]))) {
      expect(isNameless).toBe(true);
      expect(image.symbols.map(({ name }) => name)).toContain(symbol);
    }
  });

  it('are those that no symbol has, beside those that one has', () => {
    expect(entriesOf(madeImage(SECOND, { symbol: 'f' })).map(({ symbol }) => symbol)).toEqual(['f']);
  });
});

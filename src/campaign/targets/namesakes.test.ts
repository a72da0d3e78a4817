/** Of several functions with one name the one that reaches TDCALL is meant. */
import { expect, test } from 'vitest';
import type { Image, ImageSymbol } from '../../image/image.js';
import { findFunction } from '../../image/symbols.js';
import { withoutNamesakes } from './namesakes.js';

const BASE = 0x40_0000n;
const TDCALL = [0x66, 0x0f, 0x01, 0xcc, 0xc3];
const NOTHING = [0x90, 0xc3];
/** CALL of the slot after so many. */
const call = (slots: number): number[] => [0xe8, 0x10 * slots - 5, 0, 0, 0, 0xc3];

/** Functions of 16 bytes each. */
function image(functions: readonly (readonly [name: string, code: readonly number[]])[], global = false): Image {
  const bytes = new Uint8Array(functions.length * 16).fill(0x90);
  functions.forEach(([, code], index) => bytes.set(code, index * 16));
  const symbols = functions.map(([name], index): ImageSymbol => {
    const address = BASE + BigInt(16 * index);
    return { name, address, size: 16, kind: 'function', global, segment: '.text' };
  });
  return {
    name: 'test',
    format: 'elf-executable',
    convention: 'sysv',
    hash: '',
    segments: [{ name: '.text', address: BASE, size: bytes.length, bytes, read: true, write: false, execute: true }],
    symbols,
    externals: [],
    fixups: [],
  };
}

test('the one that reaches TDCALL, by a call too', () => {
  const of = image([
    ['read', NOTHING],
    ['read', call(1)],
    ['stub', TDCALL],
  ]);
  expect(() => findFunction(of, 'read')).toThrow('2 functions are named');
  expect(findFunction(withoutNamesakes(of, ['read', 'stub']), 'read').address).toBe(BASE + 16n);
});

test.each([
  ['both reach it', [call(2), call(1)]],
  ['none does', [NOTHING, NOTHING]],
])('where %s nothing is decided', (_, [first, second]) => {
  const of = image([
    ['read', first],
    ['read', second],
    ['stub', TDCALL],
  ]);
  expect(withoutNamesakes(of, ['read'])).toBe(of);
});

test('what no contract is for stays, and so does a global function', () => {
  const functions = [['read', NOTHING] as const, ['read', TDCALL] as const];
  const of = image(functions);
  expect(withoutNamesakes(of, ['write'])).toBe(of);
  const global = image(functions, true);
  expect(withoutNamesakes(global, ['read'])).toBe(global);
});

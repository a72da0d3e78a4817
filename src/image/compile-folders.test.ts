import { expect, test } from 'vitest';
import { compileFolders } from './compile-folders.js';

const NOTHING = new Uint8Array(0);
const text = (value: string): number[] => [...Buffer.from(value), 0];
const u32 = (value: number): number[] => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];

/** One unit of DWARF 5 whose first entry has code 2: `constant`, where its lines are, and its folder. */
function folders(constant: readonly number[]): [number, string][] {
  // Of other entries, among them a constant in the table itself: const_value, implicit_const.
  const variable = [1, 0x34, 0, 0x1c, 0x21, ...constant, 0, 0];
  // compile_unit: stmt_list sec_offset, comp_dir string
  const abbreviations = [...variable, 2, 0x11, 0, 0x10, 0x17, 0x1b, 0x08, 0, 0, 0];
  const entry = [2, ...u32(0x40), ...text('/build')];
  const info = [...u32(8 + entry.length), 5, 0, 1, 8, ...u32(0), ...entry];
  const found = compileFolders({
    info: Uint8Array.from(info),
    abbreviations: Uint8Array.from(abbreviations),
    lineStrings: NOTHING,
    strings: NOTHING,
  });
  return [...found].map(([lines, bytes]) => [lines, Buffer.from(bytes).toString()]);
}

test('the folder of a unit, whatever constants stand in the table of abbreviations', () => {
  const expected = [[0x40, '/build']];
  expect(folders([5])).toEqual(expected);
  // 2^62, as clang writes a constant of 64 bits.
  expect(folders([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0xc0, 0])).toEqual(expected);
  // One of more than ten bytes is damage, and there is no folder.
  expect(folders(Array.from({ length: 12 }, () => 0x80))).toEqual([]);
});

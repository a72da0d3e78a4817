/** Layouts from BTF and DWARF made by hand, sound and damaged. */
import { describe, expect, test } from 'vitest';
import { writeElf } from './elf-writer.test.helper.js';
import type { Image } from './image.js';
import { parseImage } from './load.js';
import { structureLayouts } from './structure-layouts.js';

const WANTED = { outer: ['first', 'inner.count', 'hidden', 'pointer', 'bits', 'none'], missing: ['x'] };

function imageWith(sections: readonly { name: string; data: Uint8Array }[]): Image {
  const debug = sections.map(({ name, data }) => ({ name, data, flags: 0, align: 1 }));
  return parseImage(writeElf({ sections: debug, symbols: [] }), 'made.o');
}

function little(bytes: number, value: number): number[] {
  return Array.from({ length: bytes }, (_, index) => Math.floor(value / 256 ** index) & 0xff);
}
const u32 = (value: number): number[] => little(4, value);

const FOUND = {
  outer: {
    size: 40,
    members: {
      first: { offset: 0, bytes: 4 },
      'inner.count': { offset: 16, bytes: 4 },
      hidden: { offset: 24, bytes: 4 },
      pointer: { offset: 32, bytes: 8 },
    },
  },
};

const NAMES = ['', 'int', 'inner', 'outer', 'first', 'count', 'hidden', 'pointer', 'bits', 'alias'];
const at = (name: string): number => NAMES.slice(0, NAMES.indexOf(name)).reduce((sum, one) => sum + one.length + 1, 0);
const strings = [...Buffer.from(`${NAMES.join('\0')}\0`)];

/** 1 int, 2 struct inner, 3 pointer, 4 struct without a name, 5 typedef of inner, 6 struct outer. */
function btf(): number[] {
  const type = (name: string, kind: number, count: number, sizeOrType: number, flag = 0): number[] => [
    ...u32(at(name)),
    ...u32(flag * 2 ** 31 + kind * 2 ** 24 + count),
    ...u32(sizeOrType),
  ];
  const member = (name: string, of: number, bits: number): number[] => [...u32(at(name)), ...u32(of), ...u32(bits)];
  const types = [
    ...type('int', 1, 0, 4),
    ...u32(0x20),
    ...type('inner', 4, 2, 8),
    ...member('first', 1, 0),
    ...member('count', 1, 32),
    ...type('', 2, 0, 1),
    ...type('', 4, 1, 4),
    ...member('hidden', 1, 0),
    ...type('alias', 8, 0, 2),
    ...type('outer', 4, 5, 40, 1),
    ...member('first', 1, 0),
    ...member('inner', 5, 96),
    ...member('', 4, 192),
    ...member('bits', 1, 224 + 3 * 2 ** 24),
    ...member('pointer', 3, 256),
  ];
  return [
    0x9f,
    0xeb,
    1,
    0,
    ...u32(24),
    ...u32(0),
    ...u32(types.length),
    ...u32(types.length),
    ...u32(strings.length),
    ...types,
    ...strings,
  ];
}

/** The same as DWARF 5, with a constant of 64 bits before it, as clang writes them. */
function dwarf(): { info: number[]; abbreviations: number[] } {
  const abbreviations = [
    [1, 0x11, 1, 0, 0],
    // const_value: udata
    [2, 0x34, 0, 0x1c, 0x0f, 0, 0],
    // base: name strp, byte_size data1
    [3, 0x24, 0, 0x03, 0x0e, 0x0b, 0x0b, 0, 0],
    // structure: name strp, byte_size data1
    [4, 0x13, 1, 0x03, 0x0e, 0x0b, 0x0b, 0, 0],
    // structure without a name
    [5, 0x13, 1, 0x0b, 0x0b, 0, 0],
    // member: name strp, type ref4, data_member_location data1
    [6, 0x0d, 0, 0x03, 0x0e, 0x49, 0x13, 0x38, 0x0b, 0, 0],
    // member without a name
    [7, 0x0d, 0, 0x49, 0x13, 0x38, 0x0b, 0, 0],
    // pointer: byte_size implicit_const 8
    [8, 0x0f, 0, 0x0b, 0x21, 8, 0, 0],
    // typedef: name strp, type ref4
    [9, 0x16, 0, 0x03, 0x0e, 0x49, 0x13, 0, 0],
    // bit field: name strp, type ref4, bit_size data1, data_bit_offset data1
    [10, 0x0d, 0, 0x03, 0x0e, 0x49, 0x13, 0x0d, 0x0b, 0x6b, 0x0b, 0, 0],
    [0],
  ].flat();
  const body: number[] = [];
  const HEADER = 12;
  const here = (): number => HEADER + body.length;
  const put = (...bytes: number[]): number => {
    const place = here();
    body.push(...bytes);
    return place;
  };
  const name = (text: string): number[] => u32(at(text));
  put(1);
  put(2, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01);
  const int = put(3, ...name('int'), 4);
  const inner = put(4, ...name('inner'), 8);
  put(6, ...name('first'), ...u32(int), 0);
  put(6, ...name('count'), ...u32(int), 4);
  put(0);
  const unnamed = put(5, 4);
  put(6, ...name('hidden'), ...u32(int), 0);
  put(0);
  const alias = put(9, ...name('alias'), ...u32(inner));
  const pointer = put(8);
  put(4, ...name('outer'), 40);
  put(6, ...name('first'), ...u32(int), 0);
  put(6, ...name('inner'), ...u32(alias), 12);
  put(7, ...u32(unnamed), 24);
  put(10, ...name('bits'), ...u32(int), 3, 224);
  put(6, ...name('pointer'), ...u32(pointer), 32);
  put(0, 0);
  return { info: [...u32(8 + body.length), 5, 0, 1, 8, ...u32(0), ...body], abbreviations };
}

const asBtf = (data: readonly number[]): Image => imageWith([{ name: '.BTF', data: Uint8Array.from(data) }]);
const asDwarf = ({ info, abbreviations }: ReturnType<typeof dwarf>): Image =>
  imageWith([
    { name: '.debug_info', data: Uint8Array.from(info) },
    { name: '.debug_abbrev', data: Uint8Array.from(abbreviations) },
    { name: '.debug_str', data: Uint8Array.from(strings) },
  ]);

describe('layouts', () => {
  test('from BTF', () => expect(structureLayouts(asBtf(btf()), WANTED)).toEqual(FOUND));
  test('from DWARF', () => expect(structureLayouts(asDwarf(dwarf()), WANTED)).toEqual(FOUND));
  test('from nothing', () => expect(structureLayouts(imageWith([]), WANTED)).toEqual({}));
});

/** Every byte changed, and every length: what is damaged is not there, and nothing else is said. */
describe('damaged', () => {
  const isLayouts = (image: Image): void => {
    const { outer } = structureLayouts(image, WANTED) as { outer?: { size: number } };
    expect(outer === undefined || Number.isFinite(outer.size)).toBe(true);
  };

  test('BTF', () => {
    const whole = btf();
    for (let index = 0; index < whole.length; index++)
      for (const value of [0, 0xff, whole[index] ^ 1, 0x84]) isLayouts(asBtf(whole.with(index, value)));
    for (let length = 0; length < whole.length; length++) isLayouts(asBtf(whole.slice(0, length)));
  });

  test('DWARF', () => {
    const { info, abbreviations } = dwarf();
    for (let index = 0; index < info.length; index++)
      for (const value of [0, 0xff, info[index] ^ 1])
        isLayouts(asDwarf({ info: info.with(index, value), abbreviations }));
    for (let index = 0; index < abbreviations.length; index++)
      for (const value of [0, 0xff, abbreviations[index] ^ 1])
        isLayouts(asDwarf({ info, abbreviations: abbreviations.with(index, value) }));
    for (let length = 0; length < info.length; length++)
      isLayouts(asDwarf({ info: info.slice(0, length), abbreviations }));
  });

  test('a typedef of itself, and a structure that lies in itself', () => {
    const whole = btf();
    // The types stand behind a header of 24 bytes: the typedef at 24 + 16 + 36 + 12 + 24, its target 8 bytes into it.
    expect(structureLayouts(asBtf(whole.with(24 + 88 + 8, 5)), WANTED)).toEqual({});
    // The member without a name is of its own structure: what it has is looked for in itself, and not for ever.
    const { outer } = structureLayouts(asBtf(whole.with(24 + 100 + 12 + 24 + 4, 6)), WANTED) as typeof FOUND;
    expect(Object.keys(outer.members)).not.toContain('hidden');
  });
});

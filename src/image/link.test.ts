/** Several objects as one image: what a symbol means, and which sections are kept. */
import { expect, test } from 'vitest';
import {
  CODE,
  DATA,
  sectionHeaderAt,
  words,
  writeElf,
  type WrittenFile,
  type WrittenSymbol,
} from './elf-writer.test.helper.js';
import type { Image } from './image.js';
import { linkFiles } from './link-files.js';
import { DuplicateSymbol } from './link-symbols.js';
import { readObjectFile } from './object-file.js';

/** Links files called a.o, b.o... */
function link(
  files: readonly WrittenFile[],
  givesWay: readonly number[] = [],
  modelled: readonly string[] = [],
): Image {
  const objects = files.map((file, index) => readObjectFile(writeElf(file), `${'abcdef'[index]}.o`));
  return linkFiles(objects, 'all', {
    givesWay: (input) => givesWay.includes(input),
    isModelled: (name) => modelled.includes(name),
  });
}

/** An object with 8 bytes of code that refers to a symbol, in `.data`, by its address. */
function object(symbols: WrittenSymbol[], refersTo?: string): WrittenFile {
  return {
    sections: [
      { name: '.text', flags: CODE, data: new Uint8Array(8).fill(0x90) },
      { name: '.data', flags: DATA, data: new Uint8Array(8) },
    ],
    symbols,
    ...(refersTo !== undefined && { relocations: [{ section: '.data', offset: 0n, type: 1, symbol: refersTo }] }),
  };
}

const text = (name: string, more: Partial<WrittenSymbol> = {}): WrittenSymbol => ({ name, section: '.text', ...more });
const outside = (name: string, binding = 1): WrittenSymbol => ({ name, section: 'UND', binding });

/** What a file's `.data` holds after the link: the address that its symbol came to. */
function pointer(image: Image, file: number): bigint {
  const data = image.segments.find((segment) => segment.file === file && segment.name === '.data');
  if (data === undefined) throw new Error(`no .data of file ${file}`);
  return new DataView(data.bytes.buffer, data.bytes.byteOffset).getBigUint64(0, true);
}

const addressOf = (image: Image, name: string, file: number): bigint | undefined =>
  image.symbols.find((symbol) => symbol.name === name && symbol.file === file)?.address;

test('a symbol that one file leaves open is what another defines', () => {
  const image = link([object([outside('f')], 'f'), object([text('f', { value: 4n })])]);
  expect(pointer(image, 0)).toBe(addressOf(image, 'f', 1));
  expect(image.externals).toEqual([]);
  expect(image.files).toEqual(['a.o', 'b.o']);
});

test('a local symbol of another file is another', () => {
  const image = link([object([outside('f')], 'f'), object([text('f', { binding: 0 })])]);
  expect(image.externals.map(({ name }) => name)).toEqual(['f']);
  expect(pointer(image, 0)).toBe(image.externals[0].address);
});

test.each<[what: string, files: WrittenSymbol[][], meant: number]>([
  ['a definition over a weak one before it', [[text('f', { binding: 2 })], [text('f')]], 1],
  ['a definition over a weak one behind it', [[text('f')], [text('f', { binding: 2 })]], 0],
  ['the first of two weak ones', [[text('f', { binding: 2 })], [text('f', { binding: 2 })]], 0],
  ['a definition over a common symbol', [[{ name: 'f', section: 'COM', value: 8n, size: 8n }], [text('f')]], 1],
])('of definitions that are not equal one counts: %s', (_what, [first, second], meant) => {
  const image = link([object(first), object(second), object([outside('f')], 'f')]);
  expect(pointer(image, 2)).toBe(addressOf(image, 'f', meant));
  const global = image.symbols.filter((symbol) => symbol.name === 'f' && symbol.global);
  expect(global.map(({ file }) => file)).toEqual([meant]);
});

test('a weak definition that another overrides is not meant by its own file either', () => {
  const image = link([object([text('f', { binding: 2 })], 'f'), object([text('f')])]);
  expect(pointer(image, 0)).toBe(addressOf(image, 'f', 1));
});

test('common symbols are one, as large and as aligned as the largest', () => {
  const common = (size: bigint, align: bigint): WrittenSymbol => ({ name: 'c', section: 'COM', size, value: align });
  const image = link([object([common(4n, 4n)], 'c'), object([common(64n, 32n)], 'c')]);
  const [segment] = image.segments.filter(({ name }) => name === 'COMMON');
  expect(segment.size).toBe(64);
  expect(segment.address % 32n).toBe(0n);
  expect([pointer(image, 0), pointer(image, 1)]).toEqual([segment.address, segment.address]);
});

test('two definitions of one name are refused in one line that names both files', () => {
  const twice = (): Image => link([object([text('f')]), object([text('f')])]);
  expect(twice).toThrow(DuplicateSymbol);
  expect(twice).toThrow('b.o: defines f, and so does a.o; give one of the two');
});

test('a member of an archive that nobody named gives way', () => {
  const files = [object([text('f')]), object([text('f')], 'f'), object([outside('f')], 'f')];
  const image = link(files, [1]);
  expect(pointer(image, 2)).toBe(addressOf(image, 'f', 0));
  // What it defines it means itself.
  expect(pointer(image, 1)).toBe(addressOf(image, 'f', 1));
  expect(image.symbols.filter(({ name, global }) => name === 'f' && global)).toHaveLength(1);
});

test('a member of an archive overrides a weak definition all the same', () => {
  const image = link([object([text('f', { binding: 2 })], 'f'), object([text('f')])], [0, 1]);
  expect(pointer(image, 0)).toBe(addressOf(image, 'f', 1));
});

test('a weak symbol that nobody defines is 0, unless something stands in for it', () => {
  expect(pointer(link([object([outside('f', 2)], 'f'), object([])]), 0)).toBe(0n);
  const modelled = link([object([outside('f', 2)], 'f'), object([])], [], ['f']);
  expect(pointer(modelled, 0)).toBe(modelled.externals[0].address);
  expect(modelled.externals).toMatchObject([{ name: 'f' }]);
});

/** An object with a COMDAT group of one function, and its own reference to it. */
function grouped(fill: number): WrittenFile {
  const group = words(1, 2);
  return {
    sections: [
      { name: '.group', type: 17, data: group, link: 4, info: 1, entrySize: 4 },
      { name: '.text.f', flags: CODE | 0x200, data: new Uint8Array(8).fill(fill) },
      { name: '.data', flags: DATA, data: new Uint8Array(8) },
    ],
    symbols: [{ name: 'f', section: '.text.f', binding: 2, type: 2 }],
    relocations: [{ section: '.data', offset: 0n, type: 1, symbol: 'f' }],
  };
}

test('of COMDAT groups with one signature the first is kept', () => {
  const image = link([grouped(1), grouped(2)]);
  expect(image.segments.filter(({ name }) => name === '.text.f').map(({ bytes }) => bytes[0])).toEqual([1]);
  expect(pointer(image, 1)).toBe(pointer(image, 0));
  expect(image.badPlaces).toBeUndefined();
});

test('a local symbol of a group that is not kept has no address', () => {
  const second = grouped(2);
  second.symbols = [
    { name: 'f', section: '.text.f', binding: 2, type: 2 },
    { name: 'inside', section: '.text.f', binding: 0 },
  ];
  second.relocations = [{ section: '.data', offset: 0n, type: 1, symbol: 'inside' }];
  expect(link([grouped(1), second]).badPlaces).toMatchObject([
    { size: 8, reason: expect.stringMatching(/^b\.o: .*R_X86_64_64 refers to inside in .* has the same group/) },
  ]);
});

test('files that need low addresses move all others', () => {
  const low = object([text('g')], 'g');
  low.relocations![0].type = 10;
  const image = link([object([text('f')]), low]);
  expect(image.segments.every(({ address }) => address < 1n << 31n)).toBe(true);
});

test('the hash is over the hashes of the files, in their order', () => {
  const [a, b] = [object([text('f')]), object([text('g')])];
  expect(link([a, b]).hash).toBe(link([a, b]).hash);
  expect(link([a, b]).hash).not.toBe(link([b, a]).hash);
  expect(link([a]).hash).not.toBe(link([b]).hash);
});

test('groups that share their bytes, or have no signature, are refused', () => {
  const shared = grouped(1);
  for (let copy = 0; copy < 9; copy++)
    shared.sections.push({ ...shared.sections[0], data: new Uint8Array(0), link: 13 });
  shared.sections[0].link = 13;
  shared.sections[0].data = new Uint8Array(1000);
  new DataView(shared.sections[0].data.buffer).setUint32(0, 1, true);
  const bytes = writeElf(shared);
  const view = new DataView(bytes.buffer);
  const first = sectionHeaderAt(bytes, 1);
  for (let index = 4; index < 13; index++) bytes.copyWithin(sectionHeaderAt(bytes, index) + 24, first + 24, first + 40);
  expect(view.getUint32(sectionHeaderAt(bytes, 12) + 32, true)).toBe(1000);
  expect(() => readObjectFile(bytes, 'a.o')).toThrow(/a\.o: groups of sections overlap/);
  const unsigned = grouped(1);
  unsigned.sections[0].info = 77;
  expect(() => link([unsigned])).toThrow(/\.group\): its signature is no symbol/);
  const outsideOf = grouped(1);
  outsideOf.sections[0].data = words(1, 99);
  expect(() => link([outsideOf])).toThrow(/\.group\) has section 99 of/);
});

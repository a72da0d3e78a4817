/** From paths to images: archives and their members, files that belong together, and files that do not. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type ArchiveStyle, writeArchive } from './archive-writer.test.helper.js';
import { CODE, DATA, sampleExecutable, writeElf, type WrittenSymbol } from './elf-writer.test.helper.js';
import { loadImage, openImages, type OpenOptions } from './open-images.js';

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-open-'));
afterAll(() => rmSync(folder, { recursive: true }));

function put(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** An object that defines some functions and calls others. */
function object(defines: readonly string[], calls: readonly string[] = [], size = 0x1000): Uint8Array {
  const symbols: WrittenSymbol[] = [
    ...defines.map((name, index) => ({ name, section: '.text', value: BigInt(index), size: 1n, type: 2 })),
    ...calls.map((name) => ({ name, section: 'UND' })),
  ];
  const relocations = calls.map((symbol, index) => ({
    section: '.text',
    offset: BigInt(8 + 8 * index),
    type: 4,
    symbol,
  }));
  const data = new Uint8Array(size).fill(0x90);
  return writeElf({ sections: [{ name: '.text', flags: CODE, data }], symbols, relocations });
}

const names = (path: string, options?: OpenOptions): string[] =>
  loadImage(path, options)
    .symbols.map(({ name }) => name)
    .sort();

const METADATA = Buffer.from('rust metadata');
const MEMBERS: [string, Uint8Array][] = [
  ['lib.rmeta', METADATA],
  ['tdcall.o', object(['tdcall'], ['failed'])],
  ['shared.o', object(['failed'])],
];

test.each<ArchiveStyle>(['gnu', 'bsd', 'microsoft'])('an archive is one image of its objects: %s', (style) => {
  const path = put(`lib-${style}.a`, writeArchive(MEMBERS, style));
  const { files, notes } = openImages([path]);
  expect(files).toMatchObject([
    { path, image: { name: path, externals: [], files: [`${path}(tdcall.o)`, `${path}(shared.o)`] } },
  ]);
  expect(files[0].parts).toBeUndefined();
  expect(notes).toEqual([`${path}: not read, since no object: lib.rmeta`]);
  expect(names(path)).toEqual(['failed', 'tdcall']);
});

test('one member, by either form of its name', () => {
  const path = put('members.a', writeArchive(MEMBERS, 'gnu'));
  expect(names(`${path}(tdcall.o)`)).toEqual(['tdcall']);
  expect(names(`${path}:shared.o`)).toEqual(['failed']);
  const alone = loadImage(put('tdcall.o', MEMBERS[1][1]));
  expect(loadImage(`${path}(tdcall.o)`)).toEqual({ ...alone, name: `${path}(tdcall.o)` });
  expect(() => loadImage(`${path}(tdcal.o)`)).toThrow(`${path}: no member tdcal.o; nearest: tdcall.o`);
  expect(() => loadImage(`${path}:lib.rmeta`)).toThrow(`${path}(lib.rmeta): is no object`);
  const twice = put('twice.a', writeArchive([MEMBERS[1], MEMBERS[1]], 'gnu'));
  expect(() => loadImage(`${twice}(tdcall.o)`)).toThrow(/2 members are called tdcall\.o; take out/);
  expect(() => loadImage(`${join(folder, 'tdcall.o')}(x)`)).toThrow(/tdcall\.o: is no archive/);
  expect(() => loadImage(join(folder, 'absent.a(x)'))).toThrow(/absent\.a: no such file/);
});

test('members of a thin archive are read from beside it', () => {
  mkdirSync(join(folder, 'sub'));
  put('sub/tdcall.o', MEMBERS[1][1]);
  put('shared.o', MEMBERS[2][1]);
  const members: [string, Uint8Array][] = [
    ['tdcall.o', MEMBERS[1][1]],
    ['../shared.o', MEMBERS[2][1]],
  ];
  const path = put('sub/thin.a', writeArchive(members, 'thin'));
  expect(names(path)).toEqual(['failed', 'tdcall']);
  // By the last part of its path.
  expect(names(`${path}(shared.o)`)).toEqual(['failed']);
  const absent = put('sub/absent.a', writeArchive([...members, ['gone.o', METADATA]], 'thin'));
  expect(openImages([absent]).notes).toEqual([expect.stringMatching(/gone\.o: no such file.*; so it is left out$/)]);
  expect(() => loadImage(put('sub/none.a', writeArchive([['gone.o', METADATA]], 'thin')))).toThrow(
    /gone\.o: no such file/,
  );
});

test('an archive without objects says what is in it', () => {
  expect(() => loadImage(put('meta.rlib', writeArchive([['lib.rmeta', METADATA]], 'gnu')))).toThrow(
    /meta\.rlib: an archive without objects: it has lib\.rmeta/,
  );
  expect(() => loadImage(put('empty.a', writeArchive([], 'gnu')))).toThrow(/empty\.a: an archive without members/);
});

test('of two members that define one name the first is meant', () => {
  const members: [string, Uint8Array][] = [
    ['a.o', object(['f'])],
    ['b.o', object(['f'])],
  ];
  const image = loadImage(put('both.a', writeArchive(members, 'gnu')));
  expect(image.symbols.map(({ name, global, file }) => [name, global, file])).toEqual([
    ['f', true, 0],
    ['f', false, 1],
  ]);
});

test('of a large archive what is wanted is taken, what calls it, and what all these need', () => {
  const large = 24 * 2 ** 20;
  const members: [string, Uint8Array][] = [
    ['unrelated.o', object(['unrelated'], [], large)],
    ['needed.o', object(['needed'])],
    ['user.o', object(['user'], ['stub'])],
    ['far.o', object(['far'], ['far2'], large)],
    ['stub.o', object(['stub'], ['needed', 'far'])],
    ['far2.o', object(['far2'], [], large)],
  ];
  const path = put('large.a', writeArchive(members, 'gnu'));
  const isWanted: OpenOptions['isWanted'] = ({ symbols }) =>
    symbols.some(({ name, at }) => name === 'stub' && at !== 'undefined');
  expect(names(path, { isWanted })).toEqual(['far', 'far2', 'needed', 'stub', 'user']);
  expect(openImages([path], { isWanted }).notes).toEqual([
    expect.stringContaining('large.a: 5 of 6 members are taken, as much as there is room for; name others one by one'),
  ]);
});

test('a member that is larger than all the room is taken by itself', () => {
  const huge = writeElf({
    sections: [
      { name: '.text', flags: CODE, data: new Uint8Array(8) },
      { name: '.bss', type: 8, flags: DATA, size: 80 * 2 ** 20 },
    ],
    symbols: [{ name: 'huge', section: '.text' }],
  });
  const members: [string, Uint8Array][] = [
    ['huge.o', huge],
    ['small.o', object(['small'])],
  ];
  expect(names(put('huge.a', writeArchive(members, 'gnu')))).toEqual(['huge']);
});

test('objects that refer to each other are one image, all others are images of their own', () => {
  const a = put('a.o', object(['a'], ['b']));
  const b = put('b.o', object(['b'], ['nobody']));
  const c = put('c.o', object(['c'], ['nobody']));
  const executable = put('kernel', writeElf(sampleExecutable()));
  const { files, notes } = openImages([c, a, executable, b]);
  expect(files.map(({ path }) => path)).toEqual([c, a, executable, b]);
  expect(files[1].image).toBe(files[3].image);
  expect(files[1].image.name).toBe(`${a} + ${b}`);
  expect(files.map(({ parts }) => parts && [...parts])).toEqual([undefined, [0], undefined, [1]]);
  expect(files[0].image).toEqual(loadImage(c));
  expect(files[2].image.format).toBe('elf-executable');
  expect(notes).toEqual([]);
});

test('an archive beside an object gives what that needs', () => {
  const main = put('main.o', object(['main', 'failed'], ['tdcall']));
  const path = put('beside.a', writeArchive(MEMBERS, 'gnu'));
  const { files } = openImages([main, path]);
  expect(files[0].image).toBe(files[1].image);
  expect([...(files[1].parts ?? [])]).toEqual([1, 2]);
  expect(files[0].image.externals).toEqual([]);
  // The object's definition counts, whatever the order.
  for (const paths of [
    [main, path],
    [path, main],
  ]) {
    const { image } = openImages(paths).files[0];
    const failed = image.symbols.filter(({ name, global }) => name === 'failed' && global);
    expect(failed.map(({ file = 0 }) => image.files?.[file])).toEqual([main]);
  }
});

test('files that define one name stay apart, and a note says so', () => {
  const a = put('one.o', object(['same', 'a'], ['b']));
  const b = put('two.o', object(['same', 'b']));
  const { files, notes } = openImages([a, b]);
  expect(files[0].image).not.toBe(files[1].image);
  expect(files[0].image).toEqual(loadImage(a));
  expect(notes).toEqual([
    `${b}: defines same, and so does ${a}; give one of the two; here each is an image of its own`,
  ]);
  expect(() => loadImage([a, b])).toThrow(/two\.o: defines same, and so does/);
});

test('a list is one image, and an executable cannot be linked', () => {
  const c = join(folder, 'c.o');
  expect(loadImage([join(folder, 'a.o'), c]).files).toHaveLength(2);
  expect(() => loadImage([c, join(folder, 'kernel')])).toThrow(/kernel: is linked already/);
});

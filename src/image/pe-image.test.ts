/** PE and TE images: what lies where, by which names, and what is refused. */
import { describe, expect, test } from 'vitest';
import { fields, samplePe, type WrittenPe, writePe, writeTerse } from './coff-writer.test.helper.js';
import { EXTERNAL_BASE } from './externals.js';
import type { Image, Segment } from './image.js';
import { parseImage } from './load.js';
import { findFunction } from './symbols.js';

function load(changes: Partial<WrittenPe> = {}): Image {
  return parseImage(writePe({ ...samplePe(), ...changes }), 'sample.efi');
}

function segment({ segments }: Image, name: string): Segment {
  const found = segments.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no segment ${name}`);
  return found;
}

function word({ bytes }: Segment, at: number): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at, true);
}

function addressOf(image: Image, name: string): bigint | undefined {
  return image.symbols.find((symbol) => symbol.name === name)?.address;
}

describe('an image', () => {
  test('lies where it was linked, without what is for debuggers', () => {
    const image = load();
    expect(image).toMatchObject({ format: 'pe-executable', convention: 'ms-x64', fixups: [] });
    expect(image.moved).toBeUndefined();
    expect(image.segments.map(({ name, address, size }) => [name, address, size])).toEqual([
      ['HEADERS', 0x140000000n, 0x400],
      ['.text', 0x140001000n, 48],
      ['.data', 0x140002000n, 4000],
      ['.idata', 0x140003000n, 0x80],
      ['.edata', 0x140004000n, 0x60],
      ['.reloc', 0x140005000n, 12],
    ]);
    expect(segment(image, '.text')).toMatchObject({ read: true, write: false, execute: true });
    expect(segment(image, '.data')).toMatchObject({ read: true, write: true, execute: false });
    // The padding to the file's alignment is no memory.
    expect(segment(image, '.text').bytes).toHaveLength(48);
    expect(word(segment(image, '.data'), 0)).toBe(0x140001010n);
  });

  test('has the names of its symbol table and of its exports', () => {
    const image = load();
    const names = image.symbols.map(({ name, address, kind, global }) => [name, address, kind, global]);
    expect(names).toEqual([
      ['entry', 0x140001000n, 'function', true],
      ['a_label_in_the_code', 0x140001008n, 'untyped', false],
      ['size_of_it', 48n, 'untyped', true],
      ['exported', 0x140001010n, 'function', true],
    ]);
    expect(findFunction(image, 'exported').address).toBe(0x140001010n);
  });

  test('has the names of its exports alone where it is stripped', () => {
    expect(load({ symbols: [] }).symbols.map(({ name }) => name)).toEqual(['exported']);
  });

  test('what it imports is external', () => {
    const image = load();
    expect(image.externals).toEqual([
      { name: 'Imported', address: EXTERNAL_BASE },
      { name: 'LIB.dll#7', address: EXTERNAL_BASE + 16n },
    ]);
    expect(word(segment(image, '.idata'), 0x40)).toBe(EXTERNAL_BASE);
    expect(word(segment(image, '.idata'), 0x48)).toBe(EXTERNAL_BASE + 16n);
    // The names are left alone.
    expect(word(segment(image, '.idata'), 0x28)).toBe(0x3058n);
  });

  test('what it imports when it is first called is external too', () => {
    const { sections, directories } = samplePe();
    // The descriptor and the empty one behind it; the table of addresses at 0x40, of names at 0x50; the names.
    const didat = new Uint8Array(0x80);
    didat.set(fields([4, 1], [4, 0x7070], [4, 0], [4, 0x7040], [4, 0x7050]));
    didat.set(fields([8, 0x140001000n]), 0x40);
    didat.set(fields([8, 0x7060]), 0x50);
    didat.set(Buffer.from('\0\0Late\0'), 0x60);
    didat.set(Buffer.from('LATE.dll\0'), 0x70);
    const image = load({
      sections: [...sections, { name: '.didat', flags: 0xc0000040, address: 0x7000, data: didat }],
      directories: { ...directories, 13: [0x7000, 64] },
    });
    expect(image.externals.map(({ name }) => name)).toEqual(['Imported', 'LIB.dll#7', 'Late']);
    expect(word(segment(image, '.didat'), 0x40)).toBe(EXTERNAL_BASE + 32n);
  });
});

describe('an image linked at 0', () => {
  const MOVED = 0x41000000n;

  function atZero(changes: Partial<WrittenPe> = {}): Image {
    const { sections } = samplePe();
    const data = fields([8, 0x1010], [4, 0x1000], [4, 0]);
    return load({
      base: 0n,
      sections: sections.map((one) => (one.name === '.data' ? { ...one, data } : one)),
      ...changes,
    });
  }

  test('is moved as its base relocations say', () => {
    const image = atZero();
    expect(image.moved).toBe(MOVED);
    expect(segment(image, '.text').address).toBe(MOVED + 0x1000n);
    expect(addressOf(image, 'exported')).toBe(MOVED + 0x1010n);
    expect(addressOf(image, 'a_label_in_the_code')).toBe(MOVED + 0x1008n);
    expect(addressOf(image, 'size_of_it')).toBe(48n);
    expect(word(segment(image, '.data'), 0)).toBe(MOVED + 0x1010n);
    expect(word(segment(image, '.data'), 8)).toBe(MOVED + 0x1000n);
  });

  test('is moved as it is where it needs no base relocations', () => {
    expect(word(segment(atZero({ directories: {} }), '.data'), 0)).toBe(0x1010n);
  });

  test('made by gnu-efi is moved by the relocations that it brings along', () => {
    const { sections } = samplePe();
    const rela = fields([8, 0x2008], [4, 8], [4, 0], [8, 0x1020], [8, 0x2000], [4, 6], [4, 0], [8, 1]);
    const image = atZero({
      sections: [...sections, { name: '.rela', flags: 0x40000040, address: 0x7000, data: rela }],
      directories: {},
    });
    expect(word(segment(image, '.data'), 8)).toBe(MOVED + 0x1020n);
    expect(word(segment(image, '.data'), 0)).toBe(0x140001010n);
  });

  test('is refused where its base relocations were taken away', () => {
    expect(() => atZero({ characteristics: 0x23 })).toThrow(
      'sample.efi: linked for address 0x0, and its base relocations are gone; link without /FIXED, or for a base from 0x10000 on',
    );
    // Elsewhere nobody needs them.
    expect(load({ characteristics: 0x23 }).moved).toBeUndefined();
  });
});

test('a terse image', () => {
  const { sections } = samplePe();
  const image = parseImage(writeTerse({ base: 0xfffd0000n, sections: sections.slice(0, 2) }), 'sec.te');
  expect(image.segments.map(({ name, address }) => [name, address])).toEqual([
    ['.text', 0xfffd1000n],
    ['.data', 0xfffd2000n],
  ]);
  expect(segment(image, '.text').bytes.every((byte) => byte === 0x90)).toBe(true);
  expect(word(segment(image, '.data'), 0)).toBe(0x140001010n);
});

function refused(changes: Partial<WrittenPe>): string {
  try {
    load(changes);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('the image was accepted');
}

/** An image with a CLR header, whose flags lie behind 16 bytes. */
function managed(flags: number): Partial<WrittenPe> {
  const sections = samplePe().sections.slice(0, 2);
  sections[1].data = new Uint8Array(72);
  sections[1].data.set(fields([4, flags]), 16);
  return { sections, directories: { 14: [0x2000, 72] } };
}

test('machine code beside .NET is machine code', () => {
  expect(load(managed(2)).segments).toHaveLength(3);
});

test.each<[what: string, changes: Partial<WrittenPe>, message: RegExp]>([
  ['ARM64', { machine: 0xaa64 }, /PE for ARM64; give x86-64 code/],
  ['32-bit x86', { machine: 0x14c, magic: 0x10b }, /PE for 32-bit x86; give x86-64 code/],
  ['the 32-bit form', { magic: 0x10b }, /PE32, the 32-bit form/],
  ['.NET', managed(1), /a \.NET assembly/],
  ['an unknown form', { magic: 0x107 }, /unknown optional header 0x107/],
  ['exports outside', { directories: { 0: [0x8000, 40] } }, /table of exports refers to 0x8000 of the image, where/],
  ['imports outside', { directories: { 1: [0x2f000, 40] } }, /table of imports refers to 0x2f000 of the image, where/],
  ['no section', { sections: [], symbols: [] }, /nothing to load/],
  [
    'sections that overlap',
    { sections: samplePe().sections.map((one) => ({ ...one, address: 0x1000 })), directories: {} },
    /overlap at 0x140001000/,
  ],
  [
    'code that was split off',
    { sections: [{ name: '.text', flags: 0x60000020, address: 0x1000, size: 64 }], symbols: [], directories: {} },
    /holds debug information only, no code/,
  ],
  [
    'a section beyond the end of memory',
    {
      sections: [{ name: '.bss', flags: 0xc0000080, address: 0x1000, size: 0x7fffffff }],
      symbols: [],
      directories: {},
    },
    /asks for 0x7fffffff bytes at 0x140001000/,
  ],
])('refuses %s', (_what, changes, message) => {
  expect(refused(changes)).toMatch(message);
});

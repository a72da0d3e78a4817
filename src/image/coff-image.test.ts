/** COFF objects: what is loaded, where symbols lie, what relocations write, and what is refused. */
import { describe, expect, test } from 'vitest';
import {
  COFF_CODE,
  COFF_DATA,
  COFF_ZEROED,
  fields,
  sampleCoff,
  sectionEntry,
  type WrittenCoff,
  writeCoff,
} from './coff-writer.test.helper.js';
import { coffLinkInput } from './coff-link-input.js';
import { parseCoffObject } from './coff-object.js';
import { EXTERNAL_BASE, LOW_RANGE, TEXT_BASE } from './externals.js';
import type { Image, ImageSymbol, Segment } from './image.js';
import { linkObjects } from './link.js';
import { parseImage } from './load.js';

function load(file: WrittenCoff): Image {
  return parseImage(writeCoff(file), 'a.obj');
}

function segment({ segments }: Image, name: string): Segment {
  const found = segments.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no segment ${name}`);
  return found;
}

function symbol({ symbols }: Image, name: string): ImageSymbol {
  const found = symbols.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no symbol ${name}`);
  return found;
}

/** A 32- or 64-bit field of a segment; signed where it is a distance. */
function field(image: Image, name: string, at: number, width: 2 | 4 | 8 = 4): bigint {
  const { bytes } = segment(image, name);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  if (width === 8) return view.getBigUint64(at, true);
  return BigInt(width === 4 ? view.getInt32(at, true) : view.getUint16(at, true));
}

/** Where an instruction with a distance at this place, and so many bytes behind that, goes. */
function target(image: Image, name: string, at: number, after = 0): bigint {
  const end = segment(image, name).address + BigInt(at + 4 + after);
  return BigInt.asUintN(64, end + field(image, name, at));
}

describe.each([false, true])('an object (big: %s)', (big) => {
  const image = load({ ...sampleCoff(), big });

  test('has the sections that a linker keeps', () => {
    expect(image).toMatchObject({ format: 'coff-object', convention: 'ms-x64', fixups: [] });
    expect(image.segments.map(({ name, size, write, execute }) => [name, size, write, execute])).toEqual([
      ['.text$mn', 64, false, true],
      ['.data', 32, true, false],
      ['.bss', 5000, true, false],
      ['.text$a_long_name', 16, false, true],
      ['COMMON', 24, true, false],
      ['GOT', 8, false, false],
    ]);
    expect(image.badPlaces).toBeUndefined();
  });

  test('has the symbols that are for people', () => {
    expect(image.symbols.map(({ name, kind, global }) => [name, kind, global])).toEqual([
      ['first', 'function', true],
      ['first.loop', 'untyped', false],
      ['a_name_of_more_than_8_bytes', 'function', true],
      ['datum', 'untyped', true],
      ['zeroed', 'untyped', true],
      ['constant', 'untyped', true],
      ['shared', 'object', true],
      ['.weak.o', 'function', true],
      ['optional', 'function', true],
    ]);
    expect(symbol(image, 'zeroed').address).toBe(segment(image, '.bss').address + 4096n);
    expect(symbol(image, 'constant')).toMatchObject({ address: 0x1234n, segment: '*ABS*' });
    expect(symbol(image, 'optional').address).toBe(symbol(image, '.weak.o').address);
  });

  test('lies low, since it holds an address in 32 bits', () => {
    expect(image.segments[0].address).toBe(LOW_RANGE.text);
    expect(field(image, '.text$mn', 16)).toBe(symbol(image, 'zeroed').address);
  });
});

test('relocations', () => {
  const { sections, symbols = [] } = sampleCoff();
  const [, text, data] = sections;
  text.relocations = text.relocations?.filter(({ type }) => type !== 2) ?? [];
  data.data = new Uint8Array(32);
  data.data.set(fields([8, 5], [4, 7]));
  const image = load({ sections, symbols });
  expect(image.segments[0].address).toBe(TEXT_BASE);
  expect(image.externals).toEqual([
    { name: 'Imported', address: EXTERNAL_BASE },
    { name: 'outside', address: EXTERNAL_BASE + 16n },
  ]);
  const long = symbol(image, 'a_name_of_more_than_8_bytes').address;
  const datum = symbol(image, 'datum').address;
  expect(target(image, '.text$mn', 0)).toBe(EXTERNAL_BASE + 16n);
  expect(target(image, '.text$mn', 4, 1)).toBe(datum);
  expect(target(image, '.text$mn', 8, 5)).toBe(long);
  // Through a slot, which holds the address of the function.
  expect(target(image, '.text$mn', 12)).toBe(segment(image, 'GOT').address);
  expect(field(image, 'GOT', 0, 8)).toBe(EXTERNAL_BASE);
  expect(target(image, '.text$mn', 20)).toBe(symbol(image, 'optional').address);
  // From the start of the section, and the number of the section.
  expect(field(image, '.text$mn', 24)).toBe(8n);
  expect(field(image, '.text$mn', 28, 2)).toBe(3n);
  expect(field(image, '.data', 0, 8)).toBe(long + 5n);
  // From the start of the image.
  expect(field(image, '.data', 8)).toBe(symbol(image, 'first').address - TEXT_BASE + 7n);
  expect(field(image, '.data', 16, 8)).toBe(symbol(image, 'shared').address);
  expect(field(image, '.data', 24, 8)).toBe(0n);
});

/** One function with one relocation. */
function one(type: number, name: string, symbols: WrittenCoff['symbols'] = []): WrittenCoff {
  return {
    sections: [
      { name: '.text', flags: COFF_CODE, data: new Uint8Array(16), relocations: [{ offset: 4, type, symbol: name }] },
      { name: '.tls$', flags: COFF_DATA, data: new Uint8Array(16) },
    ],
    symbols: [{ name: 'f', section: '.text', type: 0x20 }, ...symbols],
  };
}

test('the start of the image has a name', () => {
  const image = load(one(4, '__ImageBase', [{ name: '__ImageBase', section: 0 }]));
  expect(target(image, '.text', 4)).toBe(TEXT_BASE);
  expect(image.externals).toEqual([]);
});

test('a distance in thread-local storage is one in its section', () => {
  expect(field(load(one(11, 'tls', [{ name: 'tls', section: '.tls$', value: 12 }])), '.text', 4)).toBe(12n);
});

test('what cannot be applied is refused where a run comes to it', () => {
  const reasons = (file: WrittenCoff): string[] => (load(file).badPlaces ?? []).map(({ reason }) => reason);
  expect(reasons(one(13, 'f'))).toEqual([
    'a.obj: section 1 (.text) offset 0x4: IMAGE_REL_AMD64_TOKEN is not supported; build native code for x86-64, or report it',
  ]);
  expect(reasons(one(99, 'f'))).toEqual([expect.stringMatching(/: relocation type 99 is not supported/)]);
  expect(reasons(one(11, 'far', [{ name: 'far', section: 0 }]))).toEqual([
    expect.stringMatching(/SECREL refers to far, which is in no section of this object/),
  ]);
  expect(reasons(one(4, 'f'))).toEqual([]);
});

test('a function has the size that its compiler says, where that can be', () => {
  const sized = (size: number, big = false): number => {
    const auxiliary = [fields([4, 0], [4, size])];
    const file = one(4, 'f', [{ name: 'g', section: '.text', value: 8, type: 0x20, auxiliary }]);
    return symbol(load({ ...file, big }), 'g').size;
  };
  expect(sized(8)).toBe(8);
  expect(sized(9)).toBe(0);
  // GNU as writes something else there.
  expect(sized(1, true)).toBe(0);
});

test('a weak symbol without a default is 0, as in ELF; one with an undefined default is that', () => {
  const weak = (section: number, value = 0): Image =>
    load(
      one(1, 'weak', [
        { name: 'default', section, value },
        { name: 'weak', section: 0, storage: 105, auxiliary: [fields([4, 1], [4, 2])] },
      ]),
    );
  expect(field(weak(-1), '.text', 4, 8)).toBe(0n);
  expect(field(weak(-1, 0x77), '.text', 4, 8)).toBe(0x77n);
  expect(weak(0).externals).toEqual([{ name: 'default', address: EXTERNAL_BASE }]);
});

test('alignment stands in the flags', () => {
  const addresses = (flags: number): bigint =>
    load({
      ...one(4, 'f'),
      sections: [one(4, 'f').sections[0], { name: '.big', flags: (COFF_ZEROED & ~0xf00000) | flags, size: 1 }],
    }).segments[1].address;
  // Of pages there is one to each section anyway.
  expect(addresses(0x100000) % 4096n).toBe(0n);
  expect(addresses(0xe00000) % 8192n).toBe(0n);
});

test('of several objects each COMDAT section is kept once, with what goes with it', () => {
  const unit = (fill: number): WrittenCoff => ({
    sections: [
      { name: '.text$f', flags: COFF_CODE | 0x1000, data: new Uint8Array(8).fill(fill) },
      { name: '.xdata$f', flags: 0x40301040, data: new Uint8Array(8).fill(fill) },
      { name: '.text', flags: COFF_CODE, data: new Uint8Array(8), relocations: [{ offset: 0, type: 1, symbol: 'f' }] },
    ],
    symbols: [
      { name: '.text$f', section: '.text$f', storage: 3, auxiliary: [sectionEntry(8, 2)] },
      { name: 'f', section: '.text$f', type: 0x20 },
      { name: '.xdata$f', section: '.xdata$f', storage: 3, auxiliary: [sectionEntry(8, 5, 1)] },
      { name: `user${fill}`, section: '.text', type: 0x20 },
    ],
  });
  const inputs = [1, 2].map((fill) => coffLinkInput(parseCoffObject(writeCoff(unit(fill)), `${fill}.obj`)));
  const { segments, symbols } = linkObjects(inputs, { name: 'both', format: 'coff-object' });
  expect(segments.map(({ name, bytes }) => `${name} ${bytes[0]}`)).toEqual([
    '.text$f 1',
    '.xdata$f 1',
    expect.stringMatching(/^\.text /),
    expect.stringMatching(/^\.text /),
  ]);
  const f = symbols.find(({ name }) => name === 'f');
  for (const { name, bytes } of segments)
    if (name === '.text') expect(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)).toBe(f?.address);
});

function refused(bytes: Uint8Array): string {
  try {
    parseImage(bytes, 'a.obj');
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('the object was accepted');
}

const MANY: WrittenCoff['sections'] = Array.from({ length: 5 }, (_, index) => ({
  name: `.r${index}`,
  flags: COFF_DATA,
  data: new Uint8Array(40),
}));

test.each<[what: string, bytes: Uint8Array, message: RegExp]>([
  ['an object for ARM64', writeCoff({ ...sampleCoff(), machine: 0xaa64 }), /COFF for ARM64; give x86-64 code/],
  ['an object for 32 bits', writeCoff({ ...sampleCoff(), machine: 0x14c }), /COFF for 32-bit x86; give x86-64 code/],
  ['a big object for ARM64', writeCoff({ ...sampleCoff(), machine: 0xaa64, big: true }), /COFF for ARM64/],
  [
    'an import object',
    fields([2, 0], [2, 0xffff], [2, 0], [2, 0x8664], [8, 0], [8, 0]),
    /an entry of an import library/,
  ],
  [
    'an object of /GL',
    fields([2, 0], [2, 0xffff], [2, 1], [2, 0x8664], [4, 0], [8, 0x4dabd9a50cb3fe38n], [8, 0xc2532262b6d69bacn]),
    /link-time code generation \(\/GL\)/,
  ],
  [
    'an object of -flto',
    writeCoff({ sections: [{ name: '.gnu.lto_.decls', flags: COFF_DATA, data: new Uint8Array(8) }] }),
    /compiled with -flto/,
  ],
  [
    'code that was split off',
    writeCoff({ sections: [{ name: '.text', flags: COFF_CODE, size: 8 }] }),
    /holds debug information only, no code/,
  ],
  ['a symbol in no section', writeCoff(one(4, 'x', [{ name: 'x', section: 9 }])), /symbol 1 is in section 9 of 2/],
  ['a relocation beyond the end', writeCoff(beyond()), /section 1 \(\.text\) offset 0xd: .*REL32 lies outside/],
  ['a section beyond the end', patched(20 + 16, 0x10000), /truncated: section 1 \(\.drectve\) needs bytes/],
  ['sections that share their bytes', shared(), /sections overlap/],
])('refuses %s', (_what, bytes, message) => {
  expect(refused(bytes)).toMatch(message);
});

function beyond(): WrittenCoff {
  const file = one(4, 'f');
  file.sections[0].relocations = [{ offset: 13, type: 4, symbol: 'f' }];
  return file;
}

function patched(at: number, value: number): Uint8Array {
  const bytes = writeCoff(sampleCoff());
  new DataView(bytes.buffer).setUint32(at, value, true);
  return bytes;
}

/** Every section has all of the file. */
function shared(): Uint8Array {
  const bytes = writeCoff({ sections: MANY });
  const view = new DataView(bytes.buffer);
  MANY.forEach((_, index) => {
    view.setUint32(20 + index * 40 + 16, bytes.length - 16, true);
    view.setUint32(20 + index * 40 + 20, 16, true);
  });
  return bytes;
}

import { expect, test } from 'vitest';
import {
  CODE,
  DATA,
  sampleObject,
  sectionHeaderAt,
  writeElf,
  type WrittenFile,
  type WrittenRelocation,
} from './elf-writer.test.helper.js';
import { ABSOLUTE, type Image, type Segment } from './image.js';
import { parseImage } from './load.js';

function load(file: WrittenFile): Image {
  return parseImage(writeElf(file), 'some.o');
}

function segment(image: Image, name: string): Segment {
  const found = image.segments.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no segment ${name}`);
  return found;
}

function view({ bytes }: Segment): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

test('lays sections out in the kernel text range, with a guard page between', () => {
  const image = load(sampleObject());
  expect(image.format).toBe('elf-object');
  expect(image.badPlaces).toBeUndefined();
  expect(
    image.segments.map(({ name, address, size, read, write, execute }) => [
      name,
      address.toString(16),
      size,
      read,
      write,
      execute,
    ]),
  ).toEqual([
    ['.text', 'ffffffff81000000', 64, true, false, true],
    ['.data', 'ffffffff81002000', 32, true, true, false],
    ['.bss', 'ffffffff81004000', 5000, true, true, false],
    ['__ex_table', 'ffffffff81007000', 12, true, false, false],
    ['COMMON', 'ffffffff81009000', 24, true, true, false],
    ['GOT', 'ffffffff8100b000', 16, true, false, false],
  ]);
  expect(segment(image, '.bss').bytes).toHaveLength(0);
  expect(image.hash).toMatch(/^[0-9a-f]{64}$/);
});

test('applies each relocation as the AMD64 supplement computes it', () => {
  const image = load(sampleObject());
  const text = view(segment(image, '.text'));
  // Worked out by hand from the addresses above.
  expect(text.getInt32(1, true)).toBe(0x1f000000 - 4 - 1);
  expect(text.getInt32(8, true)).toBe(0x2008 - 4 - 8);
  expect(text.getInt32(16, true)).toBe(0x81004010 | 0);
  expect(text.getInt32(24, true)).toBe(0xb000 - 4 - 24);
  expect(text.getInt32(36, true)).toBe(0xb008 - 4 - 36);
  // Weak and undefined: address 0, which is 2 GiB less 16 MiB above the kernel's text.
  expect(text.getInt32(44, true)).toBe(0x7f000000 - 4 - 44);
  const data = view(segment(image, '.data'));
  expect(data.getBigUint64(0, true)).toBe(0xffffffff81000023n);
  expect(data.getUint32(8, true)).toBe(0x1235);
  expect(data.getBigInt64(16, true)).toBe(0x9000n - 0x2010n);
  expect(data.getUint16(24, true)).toBe(0x1234);
  expect(data.getUint8(26)).toBe(0xfe);
  const got = view(segment(image, 'GOT'));
  expect(got.getBigUint64(0, true)).toBe(0xffffffff81002008n);
  expect(got.getBigUint64(8, true)).toBe(0xffffffffa0000000n);
});

test('leaves every other byte alone, and the file too', () => {
  const file = sampleObject();
  const bytes = writeElf(file);
  const before = bytes.slice();
  const image = parseImage(Buffer.from(bytes.buffer), 'some.o');
  expect(bytes).toEqual(before);
  const touched = new Set([1, 8, 16, 24, 36, 44].flatMap((at) => [at, at + 1, at + 2, at + 3]));
  const text = segment(image, '.text').bytes;
  expect([...text].filter((byte, at) => !touched.has(at) && byte !== 0x90)).toEqual([]);
});

test('gives slots only to undefined symbols that something refers to', () => {
  expect(load(sampleObject()).externals).toEqual([{ name: 'outside', address: 0xffffffffa0000000n }]);
});

test('lists symbols with their addresses, and no section or file symbols', () => {
  expect(load(sampleObject()).symbols).toEqual([
    { name: 'first', address: 0xffffffff81000000n, size: 32, kind: 'function', global: true, segment: '.text' },
    { name: 'second', address: 0xffffffff81000020n, size: 0, kind: 'untyped', global: true, segment: '.text' },
    { name: 'datum', address: 0xffffffff81002008n, size: 8, kind: 'object', global: true, segment: '.data' },
    { name: 'zeroed', address: 0xffffffff81004010n, size: 4, kind: 'object', global: true, segment: '.bss' },
    { name: 'shared', address: 0xffffffff81009000n, size: 24, kind: 'object', global: true, segment: 'COMMON' },
    { name: 'constant', address: 0x1234n, size: 0, kind: 'untyped', global: true, segment: ABSOLUTE },
  ]);
});

test('decodes the exception-fixup table after relocation', () => {
  expect(load(sampleObject()).fixups).toEqual([{ from: 0xffffffff81000005n, to: 0xffffffff81000020n, type: 2 }]);
  const file = sampleObject();
  file.sections[3].data = new Uint8Array(13);
  expect(() => load(file)).toThrow(/__ex_table.*13 bytes.*12-byte/);
});

test('honours alignments above a page', () => {
  const file = sampleObject();
  file.sections[1].align = 0x200000;
  const image = load(file);
  expect(segment(image, '.data').address).toBe(0xffffffff81200000n);
  // More than the start of the range is aligned to.
  file.sections[1].align = 0x2000000;
  expect(segment(load(file), '.data').address).toBe(0xffffffff82000000n);
  file.sections[1].align = 24;
  expect(() => load(file)).toThrow(/alignment of 0x18/);
  file.sections[1].align = 2 ** 40;
  expect(() => load(file)).toThrow(/alignment/);
});

test('refuses an object that needs more memory than it gets', () => {
  const file = sampleObject();
  file.sections[2].size = 2 ** 30;
  expect(() => load(file)).toThrow(/\.bss.*more than the 496 MiB/);
  file.sections[2].size = 2 ** 50;
  expect(() => load(file)).toThrow(/\.bss.*more than the 496 MiB/);
});

/** Reasons of an image's bad places. */
function reasons(image: Image): string {
  return (image.badPlaces ?? []).map(({ reason }) => reason).join('; ');
}

/** The sample with one relocation of `.data`, which has 32 bytes. */
function withRelocation(relocation: Partial<WrittenRelocation>): WrittenFile {
  const file = sampleObject();
  file.symbols?.push({ name: 'debug', section: '.debug_info' }, { name: 'local', section: '.data', type: 6 });
  file.relocations = [{ section: '.data', offset: 0n, type: 1, symbol: 'first', ...relocation }];
  return file;
}

test.each<[what: string, relocation: Partial<WrittenRelocation>, message: RegExp]>([
  ['a place past the end', { offset: 25n }, /R_X86_64_64 lies outside the section of 0x20 bytes/],
  ['a place far past the end', { offset: 0xfffffffffffffffcn, type: 2 }, /lies outside/],
])('refuses a damaged relocation: %s', (_what, relocation, message) => {
  expect(() => load(withRelocation(relocation))).toThrow(message);
});

test.each<[what: string, relocation: Partial<WrittenRelocation>, width: number, message: RegExp]>([
  [
    'an unknown type',
    { type: 77, offset: 4n },
    4,
    /^some\.o: section 2 \(\.data\) offset 0x4: relocation type 77 is not supported/,
  ],
  ['thread-local storage', { type: 22 }, 4, /R_X86_64_GOTTPOFF \(thread-local storage\)/],
  ['a thread-local symbol', { symbol: 'local' }, 8, /R_X86_64_64 refers to the thread-local symbol local/],
  [
    'an unsigned 32-bit field',
    { type: 10, symbol: '', addend: 1n << 32n },
    4,
    /R_X86_64_32 overflows with 0x100000000/,
  ],
  ['a negative unsigned 32-bit field', { type: 10, symbol: '', addend: -1n }, 4, /overflows.*-mcmodel=kernel/],
  [
    'a signed 32-bit field',
    { type: 11, symbol: 'constant', addend: 0x7fffffffn },
    4,
    /R_X86_64_32S overflows with 0x80001233 for constant/,
  ],
  ['a distance', { type: 2, addend: 0x7fffffffn + 0x3000n }, 4, /R_X86_64_PC32 overflows/],
  ['a short distance', { type: 13, symbol: 'outside' }, 2, /R_X86_64_PC16 overflows/],
  ['8 bits', { type: 14, symbol: '', addend: 256n }, 1, /R_X86_64_8 overflows/],
  [
    'a symbol in a section that is not loaded',
    { symbol: 'debug' },
    8,
    /refers to debug in section 5 \(\.debug_info\), which is not loaded/,
  ],
])('keeps the bytes of a relocation that cannot be applied as a bad place: %s', (_what, relocation, width, message) => {
  const image = load(withRelocation(relocation));
  expect(image.badPlaces).toHaveLength(1);
  const [{ address, size, reason }] = image.badPlaces ?? [];
  expect(address).toBe(segment(image, '.data').address + (relocation.offset ?? 0n));
  expect(size).toBe(width);
  expect(reason).toMatch(message);
  expect(reason).not.toContain('\n');
});

test('lays an object out in the low 2 GiB if it has its own addresses in 32 zero-extended bits', () => {
  const image = load(withRelocation({ type: 10, symbol: 'first', addend: 5n }));
  expect(image.badPlaces).toBeUndefined();
  expect(segment(image, '.text').address).toBe(0x41000000n);
  expect(view(segment(image, '.data')).getUint32(0, true)).toBe(0x41000005);
  expect(load(withRelocation({ type: 10, symbol: 'outside' })).externals).toEqual([
    { name: 'outside', address: 0x60000000n },
  ]);
});

test.each<[what: string, relocation: Partial<WrittenRelocation>]>([
  ['32 sign-extended bits', { type: 11 }],
  ['64 bits', { type: 1 }],
  ['a distance', { type: 2 }],
  ['a constant in 32 bits', { type: 10, symbol: 'constant' }],
  ['32 bits of a weak symbol that nobody defines', { type: 10, symbol: 'optional' }],
])('leaves an object in the range of the kernel that has %s', (_what, relocation) => {
  const image = load(withRelocation(relocation));
  expect(image.badPlaces).toBeUndefined();
  expect(segment(image, '.text').address).toBe(0xffffffff81000000n);
});

test('computes the relocations of the large code model', () => {
  const data = (type: number, more: Partial<WrittenRelocation> = {}): [DataView, Image] => {
    const file = withRelocation({ type, symbol: 'datum', addend: 2n, ...more });
    file.symbols?.push({ name: '_GLOBAL_OFFSET_TABLE_', section: 'UND' });
    const image = load(file);
    expect(image.badPlaces).toBeUndefined();
    return [view(segment(image, '.data')), image];
  };
  const table = 0xb000n;
  // Of the sample: .data at 0x2000, datum at 0x2008, 8 bytes; all from the start of the range.
  expect(data(25)[0].getBigInt64(0, true)).toBe(0x2008n + 2n - table);
  expect(data(26, { symbol: '_GLOBAL_OFFSET_TABLE_' })[0].getInt32(0, true)).toBe(Number(table + 2n - 0x2000n));
  expect(data(29, { symbol: '_GLOBAL_OFFSET_TABLE_' })[0].getBigInt64(0, true)).toBe(table + 2n - 0x2000n);
  expect(data(27)[0].getBigInt64(0, true)).toBe(2n);
  expect(data(28)[0].getBigInt64(0, true)).toBe(table + 2n - 0x2000n);
  expect(data(31)[0].getBigInt64(0, true)).toBe(0x2008n + 2n - table);
  expect(data(32)[0].getInt32(0, true)).toBe(10);
  expect(data(33)[0].getBigInt64(0, true)).toBe(10n);
  // What the code calls the table is the table, and nothing from outside.
  expect(data(26, { symbol: '_GLOBAL_OFFSET_TABLE_' })[1].externals).toEqual([]);
});

test.each<[what: string, relocation: Partial<WrittenRelocation>, expected: number]>([
  ['the largest distance', { type: 2, addend: 0x7fffffffn + 0x2000n }, 0x7fffffff],
  ['the largest unsigned value', { type: 10, symbol: '', addend: 0xffffffffn }, -1],
  ['a signed value', { type: 11, symbol: '', addend: -0x80000000n }, -0x80000000],
])('accepts %s', (_what, relocation, expected) => {
  expect(view(segment(load(withRelocation(relocation)), '.data')).getInt32(0, true)).toBe(expected);
});

test('takes the addends of a REL table from the places', () => {
  const file = sampleObject();
  file.relocations = [{ section: '.data', offset: 0n, type: 1, symbol: 'first' }];
  file.sections[1].data = Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
  const bytes = writeElf(file);
  // Sections: 5 of the sample, .symtab, .strtab, then .rela.data.
  const header = new DataView(bytes.buffer, sectionHeaderAt(bytes, 8), 64);
  header.setUint32(4, 9, true);
  header.setUint32(32, 16, true);
  header.setUint32(56, 16, true);
  const image = parseImage(bytes, 'some.o');
  expect(view(segment(image, '.data')).getBigUint64(0, true)).toBe(segment(image, '.text').address - 2n);
  expect(image.badPlaces).toBeUndefined();
});

test('knows nothing of a section with compact relocations', () => {
  const bytes = writeElf(withRelocation({}));
  new DataView(bytes.buffer, sectionHeaderAt(bytes, 8), 64).setUint32(4, 0x40000014, true);
  const image = parseImage(bytes, 'some.o');
  expect(image.badPlaces).toMatchObject([{ address: segment(image, '.data').address, size: 32 }]);
  expect(reasons(image)).toMatch(/\.data\) has compact relocations \(section 8 \(\.rela\.data\)\)/);
});

test('refuses an object whose code was taken out', () => {
  const file = sampleObject();
  file.relocations = [];
  file.sections[0] = { name: '.text', type: 8, flags: CODE, size: 64 };
  expect(() => load(file)).toThrow('some.o: holds debug information only, no code; give the object it was split from');
  // One of two sections of code: nobody may need it.
  file.sections.push({ name: '.text.b', flags: CODE, data: new Uint8Array(16) });
  const image = load(file);
  expect(image.badPlaces).toMatchObject([{ address: segment(image, '.text').address, size: 64 }]);
  expect(reasons(image)).toMatch(/section 1 \(\.text\) is code that this file has no contents of/);
});

test('takes memory that code is written to at run time for data', () => {
  const file = sampleObject();
  file.sections[2].flags = DATA | CODE;
  const image = load(file);
  expect(segment(image, '.bss')).toMatchObject({ write: true, execute: false });
  expect(image.badPlaces).toBeUndefined();
});

test('knows nothing of a section that has relocations and no contents', () => {
  const zeroed = sampleObject();
  zeroed.relocations?.push({ section: '.bss', offset: 0n, type: 1, symbol: 'first' });
  const image = load(zeroed);
  expect(image.badPlaces).toMatchObject([{ address: segment(image, '.bss').address, size: 5000 }]);
  expect(reasons(image)).toMatch(/\.bss\) has relocations, and this file has no contents of it/);
  // All that objcopy --only-keep-debug leaves of the sample.
  const debug = sampleObject();
  debug.sections[0] = { name: '.text', type: 8, flags: CODE, size: 64 };
  expect(() => load(debug)).toThrow(/some\.o: holds debug information only, no code/);
});

test('refuses relocation tables of odd size, and of no section', () => {
  // Sections: 5 of the sample, .symtab, .strtab, then .rela.text.
  const bytes = writeElf(sampleObject());
  const header = new DataView(bytes.buffer, sectionHeaderAt(bytes, 8), 64);
  header.setUint32(32, 25, true);
  expect(() => parseImage(bytes, 'some.o')).toThrow(/\.rela\.text\): a relocation table of 25 bytes/);
  header.setUint32(44, 1000, true);
  expect(() => parseImage(bytes, 'some.o')).toThrow(/relocates section 1000/);
});

test('refuses a symbol in a section that is not there', () => {
  const bytes = writeElf(sampleObject());
  // Section 6 is .symtab; its fourth entry is `first`.
  const symbols = new DataView(bytes.buffer).getUint32(sectionHeaderAt(bytes, 6) + 24, true);
  new DataView(bytes.buffer).setUint16(symbols + 3 * 24 + 6, 500, true);
  expect(() => parseImage(bytes, 'some.o')).toThrow(/\.symtab\): symbol 3 is in section 500 of 13/);
});

test('refuses a symbol index outside the table', () => {
  const bytes = writeElf(sampleObject());
  const rela = new DataView(bytes.buffer).getUint32(sectionHeaderAt(bytes, 8) + 24, true);
  new DataView(bytes.buffer).setUint32(rela + 12, 5000, true);
  expect(() => parseImage(bytes, 'some.o')).toThrow(/\.text\) offset 0x1: refers to symbol 5000 of 12/);
});

test('keeps sections of one name apart, and applies two tables to one section', () => {
  const image = load({
    sections: [
      { name: '.text.a', flags: CODE, data: new Uint8Array(8) },
      { name: '.data', flags: DATA, data: new Uint8Array(8) },
      { name: '.data', flags: DATA, data: new Uint8Array(8) },
    ],
    symbols: [{ name: 'f', section: '.text.a' }],
    relocations: [{ section: '.data', offset: 0n, type: 1, symbol: 'f' }],
  });
  const [, one, two] = image.segments;
  expect(view(one).getBigUint64(0, true)).toBe(0xffffffff81000000n);
  expect(view(two).getBigUint64(0, true)).toBe(0n);

  const bytes = writeElf({
    sections: [
      { name: '.data', flags: DATA, data: new Uint8Array(8) },
      { name: '.d2', flags: DATA, data: new Uint8Array(8) },
    ],
    symbols: [{ name: 'f', section: '.data' }],
    relocations: [
      { section: '.data', offset: 0n, type: 10, symbol: '', addend: 1n },
      { section: '.d2', offset: 4n, type: 10, symbol: '', addend: 2n },
    ],
  });
  // The second table is turned to the first section.
  new DataView(bytes.buffer).setUint32(sectionHeaderAt(bytes, 6) + 44, 1, true);
  expect([...segment(parseImage(bytes, 'some.o'), '.data').bytes]).toEqual([1, 0, 0, 0, 2, 0, 0, 0]);
});

test('places common symbols by their alignment', () => {
  const image = load({
    sections: [{ name: '.text', flags: CODE, data: new Uint8Array(8) }],
    symbols: [
      { name: 'a', section: 'COM', value: 1n, size: 3n, type: 1 },
      { name: 'b', section: 'COM', value: 64n, size: 8n, type: 1 },
    ],
  });
  expect(image.symbols.map(({ address }) => address.toString(16))).toEqual(['ffffffff81002000', 'ffffffff81002040']);
  expect(segment(image, 'COMMON').size).toBe(72);
});

test('a relocation of no symbol counts with 0, in an object without symbols too', () => {
  for (const type of [1, 9, 33, 14]) {
    const file = sampleObject();
    file.relocations = [{ section: '.data', offset: 0n, type, symbol: '', addend: 300n }];
    const bytes = writeElf(file);
    // Section 6 is .symtab.
    new DataView(bytes.buffer, sectionHeaderAt(bytes, 6), 64).setUint32(32, 0, true);
    const image = parseImage(bytes, 'some.o');
    expect(image.symbols).toEqual([]);
    expect(reasons(image)).toBe(
      type === 14
        ? 'some.o: section 2 (.data) offset 0x0: R_X86_64_8 overflows with 0x12c for no symbol; build with -mcmodel=kernel or -fPIE'
        : '',
    );
  }
});

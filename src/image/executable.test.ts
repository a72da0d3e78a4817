import { expect, test } from 'vitest';
import { CODE, sampleExecutable, writeElf, type WrittenFile } from './elf-writer.test.helper.js';
import { ABSOLUTE, type Image } from './image.js';
import { parseImage } from './load.js';
import { findFunction } from './symbols.js';

function load(file: WrittenFile): Image {
  return parseImage(writeElf(file), 'kernel');
}

test('loads segments where they were linked, without a copy', () => {
  const bytes = writeElf(sampleExecutable());
  const image = parseImage(bytes, 'kernel');
  expect(image.format).toBe('elf-executable');
  expect(image.segments.map(({ bytes: held, ...rest }) => ({ ...rest, held: held.length }))).toEqual([
    { name: 'LOAD0', address: 0x401000n, size: 48, read: true, write: false, execute: true, held: 48 },
    { name: 'LOAD1', address: 0x402000n, size: 4096, read: true, write: true, execute: false, held: 16 },
    { name: 'LOAD2', address: 0x403000n, size: 12, read: true, write: false, execute: false, held: 12 },
  ]);
  for (const segment of image.segments) expect(segment.bytes.buffer).toBe(bytes.buffer);
  expect(image.segments[0].bytes[5]).toBe(0xcc);
});

test('lists symbols by their linked addresses', () => {
  expect(load(sampleExecutable()).symbols).toEqual([
    { name: 'main', address: 0x401000n, size: 16, kind: 'function', global: true, segment: 'LOAD0' },
    { name: 'label', address: 0x401020n, size: 0, kind: 'untyped', global: true, segment: 'LOAD0' },
    { name: 'datum', address: 0x402008n, size: 8, kind: 'object', global: true, segment: 'LOAD1' },
    { name: 'size_of_it', address: 48n, size: 0, kind: 'untyped', global: true, segment: ABSOLUTE },
  ]);
});

test('finds the exception-fixup table by its name', () => {
  expect(load(sampleExecutable()).fixups).toEqual([{ from: 0x401000n, to: 0x401020n, type: 2 }]);
});

test('sorts segments and refuses those that overlap', () => {
  const file = sampleExecutable();
  file.programs?.reverse();
  expect(load(file).segments.map(({ name }) => name)).toEqual(['LOAD2', 'LOAD1', 'LOAD0']);
  const overlapping = sampleExecutable();
  if (overlapping.programs) overlapping.programs[1].memorySize = 4097;
  expect(() => load(overlapping)).toThrow(/LOAD1 and LOAD2 overlap at 0x403000/);
});

test('refuses absurd and impossible sizes', () => {
  const large = sampleExecutable();
  if (large.programs) large.programs[2].memorySize = 2 ** 30 + 1;
  expect(() => load(large)).toThrow(/program header 2 asks for 0x40000001 bytes.*at most 1 GiB/);
  const together = sampleExecutable();
  if (together.programs) {
    together.programs[2].memorySize = 2 ** 30;
    expect(() => load(together)).toThrow(/needs 0x[0-9a-f]+ bytes of memory/);
    together.programs[2].memorySize = 11;
    expect(() => load(together)).toThrow(/program header 2 has 0xc bytes for 0xb bytes of memory/);
    together.programs[2].memorySize = 12;
    together.programs[2].address = 0xfffffffffffffff5n;
    expect(() => load(together)).toThrow(/below 2\^64/);
    together.programs[2].address = 0xfffffffffffffff4n;
    expect(load(together).segments).toHaveLength(3);
  }
});

test('refuses an executable with nothing to load, and a file of debug information', () => {
  const file = sampleExecutable();
  file.programs = [];
  expect(() => load(file)).toThrow(/nothing to load/);
  const debug = sampleExecutable();
  debug.sections[0] = { ...debug.sections[0], type: 8, size: 48, data: new Uint8Array(0) };
  expect(() => load(debug)).toThrow(/debug information only/);
});

/** The sample as a shared object with a table of dynamic relocations. */
function withDynamic(type: number, offset: bigint, symbol: string, addend = 0n): WrittenFile {
  const file = sampleExecutable();
  file.type = 3;
  file.symbols?.push({ name: 'outside', section: 'UND' }, { name: 'optional', section: 'UND', binding: 2 });
  file.relocations = [{ section: '.data', offset, type, symbol, addend }];
  return file;
}

/** The writer does not allocate relocation tables; a loader's are. */
function loadDynamic(file: WrittenFile): Image {
  const bytes = writeElf(file);
  const view = new DataView(bytes.buffer);
  // Sections: null, 4 of the sample, .symtab, .strtab, .rela.data.
  view.setUint32(view.getUint32(40, true) + 7 * 64 + 8, 2, true);
  return parseImage(bytes, 'library');
}

test.each<[what: string, type: number, symbol: string, addend: bigint, expected: bigint]>([
  ['RELATIVE', 8, '', 0x401010n, 0x401010n],
  ['64', 1, 'main', 4n, 0x401004n],
  ['GLOB_DAT', 6, 'label', 0n, 0x401020n],
  ['JUMP_SLOT, undefined', 7, 'outside', 0n, 0xffffffffa0000000n],
  ['JUMP_SLOT, weak and undefined', 7, 'optional', 0n, 0n],
])('applies dynamic relocation %s', (_what, type, symbol, addend, expected) => {
  const image = loadDynamic(withDynamic(type, 0x402008n, symbol, addend));
  const { bytes } = image.segments[1];
  expect(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(8, true)).toBe(expected);
});

test('leaves relocations alone that the linker only kept', () => {
  const image = load(withDynamic(1, 0x402008n, 'main'));
  expect([...image.segments[1].bytes]).toEqual(Array.from({ length: 16 }, () => 0));
});

test('refuses dynamic relocations outside the loaded bytes', () => {
  expect(() => loadDynamic(withDynamic(8, 0x402009n, ''))).toThrow(/relocates 0x402009/);
  expect(() => loadDynamic(withDynamic(8, 0x10n, ''))).toThrow(/relocates 0x10, where the file loads nothing/);
  expect(() => loadDynamic(withDynamic(18, 0x10n, ''))).toThrow(/relocates 0x10/);
});

test.each<[what: string, type: number, size: number, message: RegExp]>([
  ['TPOFF64', 18, 8, /^library: section 7 .* for 0x402000: R_X86_64_TPOFF64 \(thread-local storage\)/],
  ['TLSDESC', 36, 16, /R_X86_64_TLSDESC/],
  ['COPY', 5, 24, /R_X86_64_COPY is not supported; link with -static/],
  ['an unknown one', 99, 4, /relocation type 99 is not supported/],
])('keeps what dynamic relocation %s should have written as a bad place', (_what, type, size, message) => {
  const file = withDynamic(type, 0x402000n, 'outside');
  file.symbols![5].size = 24n;
  const image = loadDynamic(file);
  expect(image.badPlaces).toMatchObject([{ address: 0x402000n, size }]);
  expect(image.badPlaces?.[0].reason).toMatch(message);
});

test('an IRELATIVE slot leads to a symbol from outside that names the IFUNC', () => {
  const file = withDynamic(37, 0x402008n, '', 0x401000n);
  expect(loadDynamic(file).externals).toEqual([{ name: 'ifunc@0x401000', address: 0xffffffffa0000000n }]);
  file.symbols![0].type = 10;
  const image = loadDynamic(file);
  expect(image.externals).toEqual([{ name: 'ifunc@main', address: 0xffffffffa0000000n }]);
  expect(() => findFunction(image, 'main')).toThrow(/"main" is an IFUNC resolver/);
});

test('code that the file has no contents of is a bad place', () => {
  const file = sampleExecutable();
  file.programs![0].memorySize = 64;
  expect(load(file).badPlaces).toMatchObject([{ address: 0x401030n, size: 16 }]);
  // As objcopy --only-keep-debug leaves one section of two.
  const half = sampleExecutable();
  half.sections.push({ name: '.text.hot', type: 8, flags: CODE, address: 0x404000n, size: 32 });
  expect(load(half).badPlaces).toMatchObject([{ address: 0x404000n, size: 32 }]);
});

/** Kernels as they are shipped: packed, stripped, with their own names. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { functionExtent } from '../stage/functions.js';
import { writePe, samplePe } from './coff-writer.test.helper.js';
import { words } from './elf-writer.test.helper.js';
import { ImageError, type Image } from './image.js';
import {
  type KallsymsLayout,
  kernelSymbols,
  PACKED,
  STRIDE,
  writeBootImage,
  writeKallsyms,
  writeKernel,
} from './kernel-writer.test.helper.js';
import { parseImage } from './load.js';
import { loadImage } from './open-images.js';
import { gsBaseOf, PERCPU_BASE } from './per-cpu.js';
import { findFunction } from './symbols.js';

const LAYOUT: KallsymsLayout = { form: 'place-relative', addresses: 'behind', alignment: 4, order: true };
const SYMBOLS = kernelSymbols();
const KERNEL = writeKernel(writeKallsyms(SYMBOLS, LAYOUT));

/** What of the names an image should list: those that lie in memory. */
const EXPECTED = SYMBOLS.filter(({ address }) => address !== 0n).map(
  ({ address, name }) => `${address.toString(16)} ${name}`,
);

function listed({ symbols }: Image): string[] {
  return symbols
    .filter(({ name }) => name !== '__per_cpu_start')
    .map(({ address, name }) => `${address.toString(16)} ${name}`);
}

function messageFor(bytes: Uint8Array): string {
  try {
    parseImage(bytes, 'vmlinuz');
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    expect(error.message).toMatch(/^vmlinuz: [^\n]+$/);
    return error.message;
  }
  throw new Error('the image was accepted');
}

describe('names', () => {
  test.each<[string, KallsymsLayout]>([
    ['6.1', { form: 'absolute-per-cpu', addresses: 'before', alignment: 8, order: false }],
    ['6.2 and 6.3', { form: 'absolute-per-cpu', addresses: 'before', alignment: 8, order: true }],
    ['6.2 at first', { form: 'absolute-per-cpu', addresses: 'before', alignment: 8, order: true, orderSize: 4 }],
    ['6.3 without per-CPU numbers', { form: 'based', addresses: 'before', alignment: 8, order: true }],
    ['6.3 with whole addresses', { form: 'plain', addresses: 'before', alignment: 8, order: true }],
    ['6.4 to 6.14', { form: 'absolute-per-cpu', addresses: 'behind', alignment: 8, order: true }],
    ['6.15', { form: 'based', addresses: 'behind', alignment: 8, order: true }],
    ['6.4 with whole addresses', { form: 'plain', addresses: 'behind', alignment: 8, order: false }],
    ['7.3', LAYOUT],
  ])('of Linux %s', (_version, layout) => {
    const image = parseImage(writeKernel(writeKallsyms(SYMBOLS, layout)), 'vmlinux');
    expect(listed(image)).toEqual(EXPECTED);
    expect(findFunction(image, 'function_3')).toMatchObject({ kind: 'function', global: false, size: 0 });
    expect(findFunction(image, 'function_4')).toMatchObject({ kind: 'function', global: true });
    expect(functionExtent(image, findFunction(image, 'function_4')).size).toBeLessThanOrEqual(Number(STRIDE));
    expect(() => findFunction(image, 'datum')).toThrow(/is data/);
  });

  test('of a few symbols, and of none', () => {
    const few = parseImage(writeKernel(writeKallsyms(kernelSymbols(5), LAYOUT)), 'vmlinux');
    expect(few.symbols).toHaveLength(8);
    expect(parseImage(writeKernel(new Uint8Array(5000).fill(1)), 'vmlinux').symbols).toEqual([]);
  });

  test.each(['markers', 'tokens', 'addresses'])('none where the %s do not fit', (what) => {
    const rodata = writeKallsyms(SYMBOLS, LAYOUT);
    // From the end: noise, order of names, addresses, token index.
    const addresses = rodata.length - 100 - SYMBOLS.length * 7;
    const places = { addresses: addresses + 400, tokens: addresses - 200, markers: rodata.indexOf(0, 999) };
    const at = places[what as keyof typeof places];
    rodata.fill(0xff, at, at + 8);
    expect(parseImage(writeKernel(rodata), 'vmlinux').symbols).toEqual([]);
  });

  test('bring the tables whose section headers are gone', () => {
    const tables = [...SYMBOLS.slice(0, 1), ...SYMBOLS.slice(1, 601)];
    const at = 0xffffffff81400000n;
    const named = ['__start___ex_table', '__stop___ex_table', '__start___bug_table', '__stop___bug_table'].map(
      (name, index) => ({
        address: at + [0n, 12n, 12n, 36n][index],
        letter: 'R',
        name,
      }),
    );
    const rodata = writeKallsyms([...tables, ...named], { ...LAYOUT, form: 'absolute-per-cpu' });
    const kernel = writeKernel(rodata);
    const image = parseImage(withData(kernel, TABLES), 'vmlinux');
    expect(image.fixups).toEqual([{ from: 0xffffffff81000010n, to: 0xffffffff81000020n, type: 2 }]);
    const trapping = withCode(withData(kernel, TABLES), 0x30, [0x0f, 0x0b]);
    // 0xc3, as it was above, is no UD2, and so that was no table of bugs. Of these two one is a WARN: it goes on behind.
    expect(parseImage(trapping, 'vmlinux').fixups).toEqual([
      ...image.fixups,
      { from: 0xffffffff81000030n, to: 0xffffffff81000032n, type: 1 },
    ]);
    expect(gsBaseOf(image)).toBe(PERCPU_BASE);
  });
});

/** A fixup, and two entries of 12 bytes for one instruction, at the begin of .data. */
const TABLES = words(
  0x81000010 - 0x81400000,
  0x81000020 - 0x81400004,
  2,
  0x81000030 - 0x8140000c,
  0,
  1 << 16,
  0x81000030 - 0x81400018,
  0,
  2 << 16,
);

function offsetOf(kernel: Uint8Array, program: number): number {
  return new DataView(kernel.buffer, kernel.byteOffset).getUint32(64 + program * 56 + 8, true);
}

function withCode(kernel: Uint8Array, at: number, bytes: readonly number[]): Uint8Array {
  const changed = Uint8Array.from(kernel);
  changed.set(bytes, offsetOf(changed, 0) + at);
  return changed;
}

function withData(kernel: Uint8Array, bytes: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(kernel);
  changed.set(bytes, offsetOf(changed, 2));
  return changed;
}

describe('a boot image', () => {
  test.each(Object.keys(PACKED))('packed with %s', (packer) => {
    for (const stub of [true, false]) {
      const bytes = writeBootImage(PACKED[packer](KERNEL), { stub });
      const image = parseImage(bytes, 'vmlinuz');
      expect(listed(image)).toEqual(EXPECTED);
      expect(image.format).toBe('elf-executable');
    }
  });

  test('has the hash of the file as it was given, and memory that threads share', () => {
    const [first, second] = [0, 7].map((setupSectors) =>
      parseImage(writeBootImage(PACKED.zstd(KERNEL), { setupSectors }), 'vmlinuz'),
    );
    expect(first.hash).not.toBe(second.hash);
    expect(first.segments[0].bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  test('in a unified kernel image', () => {
    const rawData = writeBootImage(PACKED.lz4(KERNEL), { stub: true });
    const sample = samplePe();
    const sections = [...sample.sections, { name: '.linux', flags: 0x40000040, address: 0x10000, data: rawData }];
    expect(listed(parseImage(writePe({ ...sample, sections }), 'uki.efi'))).toEqual(EXPECTED);
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['a header that is cut', writeBootImage(PACKED.zstd(KERNEL)).subarray(0, 0x210), /truncated: the boot header/],
    ['a payload that is cut', writeBootImage(PACKED.zstd(KERNEL)).subarray(0, -5000), /truncated: the payload/],
    ['an old protocol', writeBootImage(PACKED.zstd(KERNEL), { version: 0x204 }), /protocol 2\.04.*vmlinux/],
    ['no payload', writeBootImage(new Uint8Array(0)), /without a payload.*vmlinux/],
    ['bzip2', writeBootImage(Buffer.from('BZh91AY')), /packed with bzip2, .*extract-vmlinux/],
    ['lzo', writeBootImage(Uint8Array.from([0x89, 0x4c, 0x5a, 0x4f, 0])), /packed with lzo, /],
    ['an unknown packer', writeBootImage(Buffer.from('abcdefgh')), /no known way/],
    ['no ELF file', writeBootImage(PACKED.zstd(new Uint8Array(2000))), /no ELF file/],
    [
      'a size that is not so',
      writeBootImage(changedSize(PACKED.lz4(KERNEL), 100_000)),
      /lz4.*cannot be unpacked to 100000/,
    ],
    ['a bomb', writeBootImage(changedSize(PACKED.xz(KERNEL), 0x3fff_ffff)), /xz.*would take 1073741823 bytes/],
    [
      'a size beyond all bounds',
      writeBootImage(changedSize(PACKED.zstd(KERNEL), 0xffff_ffff)),
      /would take 4294967295/,
    ],
  ])('refused: %s', (_what, bytes, message) => {
    expect(messageFor(bytes)).toMatch(message);
  });
});

function changedSize(payload: Uint8Array, size: number): Uint8Array {
  const changed = Uint8Array.from(payload);
  new DataView(changed.buffer).setUint32(changed.length - 4, size, true);
  return changed;
}

describe('a kernel without names of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-kernel-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const bare = writeBootImage(PACKED.gzip(writeKernel(new Uint8Array(64))));
  const map = SYMBOLS.map(
    ({ address, letter, name }) => `${address.toString(16).padStart(16, '0')} ${letter} ${name}\n`,
  );

  test.each([
    ['vmlinuz-6.12.9', 'System.map-6.12.9'],
    ['vmlinuz', 'System.map'],
    ['bzImage', 'bzImage.nm'],
    ['kernel.img', 'kernel.map'],
  ])('%s has those of %s', (image, listing) => {
    writeFileSync(join(folder, image), bare);
    writeFileSync(join(folder, listing), map.join(''));
    const loaded = loadImage(join(folder, image));
    rmSync(join(folder, listing));
    expect(listed(loaded)).toEqual(EXPECTED);
    expect(() => findFunction(loaded, 'constant')).toThrow(/is data/);
  });

  test('is told what to put beside it', () => {
    writeFileSync(join(folder, 'vmlinuz-5'), bare);
    expect(() => findFunction(loadImage(join(folder, 'vmlinuz-5')), '__tdcall')).toThrow(/System\.map/);
  });
});

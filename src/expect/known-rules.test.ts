/** Known defects: which kernels have them, and that nothing else is excused by them. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROPERTY_NAMES } from '../../properties/all.js';
import { builtInPrograms } from '../campaign/targets/built-in-targets.js';
import type { Image } from '../image/image.js';
import { packageRoot } from '../package-info.js';
import { hasDefect, knownRulesFor, knownRulesOf, readKnown } from './known-rules.js';

const FOLDER = join(packageRoot(), 'corpus/known');
const known = readKnown(FOLDER, 'linux');

describe('a defect with fixes', () => {
  const fixed = ['6.1.188', '6.12.109', '7.2.13', '7.3'];
  test.each([
    [[5, 19, 0], true],
    [[6, 1, 187], true],
    [[6, 1, 188], false],
    [[6, 12, 100], true],
    [[6, 12, 117], false],
    [[6, 16, 12], true],
    [[7, 2, 13], false],
    [[7, 3, 0], false],
    [[7, 4, 0], false],
  ] as const)('%j has it: %s', ([major, minor, update], expected) =>
    expect(hasDefect([major, minor, update], fixed)).toBe(expected),
  );
});

test('one that no release has mended is in all', () => expect(hasDefect([9, 9, 9], undefined)).toBe(true));

test('every rule names a property that there is, and what calls it a defect', () => {
  expect(known.length).toBeGreaterThan(10);
  for (const { property, reference } of known) {
    expect(PROPERTY_NAMES).toContain(property);
    expect(reference).toMatch(/commit|CVE|SDM|GHCI/);
  }
});

test('none are none', () => expect(readKnown(FOLDER, 'none')).toEqual([]));

describe('whose they are', () => {
  const targets = builtInPrograms().filter(({ symbol }) => symbol === 'handle_io');

  test('code that is no kernel is accused as ever', () => {
    expect(targets.length).toBeGreaterThan(0);
    expect(knownRulesOf(targets, known)).toEqual([]);
  });

  test.each([
    ['6.12.100', ['TDVMCALL.r15', 'return.regs.ax']],
    ['6.12.117', []],
  ])('handle_io of %s', (version, slots) => {
    const [target] = targets.map((found) => ({ ...found, image: ofKernel(found.image, version) }));
    const rules = knownRulesOf([target], known);
    expect(rules.map(({ slot }) => slot)).toEqual(slots);
    for (const rule of rules) expect(rule).toMatchObject({ target: target.name, property: 'port-io-width' });
  });
});

test('a merge knows targets by their records alone', () => {
  const recorded = [
    { name: 'a:handle_in', symbol: 'handle_in', kernel: '6.12.100' },
    { name: 'b:handle_in', symbol: 'handle_in', kernel: '6.12.117' },
    { name: 'c:handle_in', symbol: 'handle_in' },
  ];
  expect(knownRulesFor(recorded, known).map(({ target, slot }) => [target, slot])).toEqual([
    ['a:handle_in', 'return.regs.ax'],
  ]);
});

test.each([
  ['6.10.9', 1],
  ['6.11.0', 0],
])('what a read of a device shows of the stack: a kernel of %s has it %i times', (kernel, count) => {
  const rules = knownRulesFor([{ name: 'mmio_read', symbol: 'mmio_read', kernel }], known);
  expect(rules.filter(({ slot }) => slot === 'TDVMCALL.r15')).toHaveLength(count);
});

function ofKernel(image: Image, version: string): Image {
  const bytes = new Uint8Array(Buffer.from(`Linux version ${version} (builder)\0`));
  const address = 0xffffffff90000000n;
  const rodata = { name: '.rodata', address, size: bytes.length, bytes, read: true, write: false, execute: false };
  const banner = { name: 'linux_banner', address, size: bytes.length, kind: 'object', global: true } as const;
  return {
    ...image,
    segments: [...image.segments, rodata].sort((a, b) => (a.address < b.address ? -1 : 1)),
    symbols: [...image.symbols, { ...banner, segment: '.rodata' }],
  };
}

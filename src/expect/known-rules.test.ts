/** Known defects: which kernels have them, and that nothing else is excused by them. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROPERTY_NAMES } from '../../properties/all.js';
import { builtInPrograms } from '../campaign/targets/built-in-targets.js';
import type { Image } from '../image/image.js';
import { packageRoot } from '../package-info.js';
import { hasDefect, knownRulesOf, readKnown } from './known-rules.js';

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

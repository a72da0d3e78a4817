/** What the world fills in by its name a case knows by that name, whatever else lies at the same address. */
import { expect, test } from 'vitest';
import type { Image, ImageSymbol } from '../image/image.js';
import { storedCode } from './stored-code.js';
import { Touched } from './touched.js';

const BASE = 0x40_0000n;

const symbol = (name: string, offset: bigint, size: number): ImageSymbol => ({
  name,
  address: BASE + offset,
  size,
  kind: 'function',
  global: true,
  segment: '.text',
});

/** A kernel's table names code and data alike, and a datum by several names. */
const IMAGE: Image = {
  name: 'kernel',
  format: 'elf-executable',
  convention: 'sysv',
  hash: 'a'.repeat(64),
  segments: [
    {
      name: '.text',
      address: BASE,
      size: 0x2000,
      bytes: new Uint8Array(0x2000),
      read: true,
      write: false,
      execute: true,
    },
  ],
  symbols: [symbol('f', 0n, 16), symbol('__pi_cc_mask', 0x1008n, 8), symbol('cc_mask', 0x1008n, 0)],
  externals: [],
  fixups: [],
};

function namesWith(laidData: readonly string[]): string[] {
  const touched = new Touched();
  touched.addAddress(BASE);
  const { symbols, pages } = storedCode(IMAGE, { symbol: 'f', entry: BASE, size: 16, laidData }, touched);
  expect(pages.map(({ address }) => BigInt(address))).toContain(BASE);
  return symbols.map(({ name }) => name);
}

test('of two names of a datum the one that the world uses is stored', () => {
  expect(namesWith(['cc_mask'])).toContain('cc_mask');
  expect(namesWith([])).not.toContain('cc_mask');
});

test('what the image does not have is nobody’s', () => expect(namesWith(['page_offset_base'])).toEqual(namesWith([])));

/** Zstandard: what others packed comes out, and what nobody packed ends soon. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fc, test } from '@fast-check/vitest';
import { expect, test as plain } from 'vitest';
import { DamagedPacking } from './packing.js';
import { unpackZstd } from './zstd.js';

const TEXT = Array.from({ length: 60 }, (_, index) => `line ${(index * index) % 97} of ${index % 13} words; `).join('');
/** The text by zstd 1.5.4 at level 19: a Huffman tree of described weights, described tables of sequences, a checksum. */
const PACKED = Buffer.from(
  'KLUv/QRoJQUAUkkXErAZGzgij1geJgQiN7fk6pIxi8cfi3ynYfNqV5/PLs/QeRwy1t/j1DxPLJUhHtkRsMq6Otmqp40GONuSPiY6mqspAsY5iPXL+m1G9XFSzbSBIiTIUqAEUqDDURgBR6gREN3ePwOwWeYSwDIEjyWYfax/B0GYeHHiAMsMJUPQR9cUCL6dcMCEkAcYDaD3NXCNgAddOwinLncJ4PEGPbfPrgIW6Qmi',
  'base64',
);
const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];

/** A frame of one segment around blocks. */
function frame(...blocks: number[][]): Uint8Array {
  return Uint8Array.from([...MAGIC, 0x20, 0, ...blocks.flat()]);
}

function block(type: number, size: number, bytes: readonly number[], isLast = true): number[] {
  const head = (isLast ? 1 : 0) | (type << 1) | (size << 3);
  return [head & 0xff, (head >> 8) & 0xff, head >> 16, ...bytes];
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

plain('a text', () => {
  expect(text(unpackZstd(PACKED, TEXT.length))).toBe(TEXT);
});

plain('blocks of bytes as they are, and of one byte; frames in a row; frames to skip', () => {
  const one = frame(block(0, 3, [...Buffer.from('abc')], false), block(1, 4, [0x78]));
  const skipped = Uint8Array.from([0x5a, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9]);
  expect(text(unpackZstd(Buffer.concat([one, skipped, one]), 14))).toBe('abcxxxxabcxxxx');
});

plain.each<[string, Uint8Array, number]>([
  ['a size that is too small', PACKED, TEXT.length - 1],
  ['a size that is too large', PACKED, TEXT.length + 1],
  ['an end that is missing', PACKED.subarray(0, -8), TEXT.length],
  ['another magic number', Uint8Array.from([1, ...PACKED.subarray(1)]), TEXT.length],
  ['a dictionary', Uint8Array.from([...MAGIC, 0x21, 1, 0, ...block(0, 0, [])]), 0],
  ['a block of a type that nobody knows', frame(block(3, 0, [])), 0],
  ['a copy from before the frame', frame(block(2, 8, [0x08, 0x61, 1, 0x54, 0, 2, 0, 1])), 4],
  // Its table has one weight, which takes no bits.
  ['a tree whose weights never end', frame(block(2, 11, [0xa2, 0, 2, 5, 0xf0, 3, 1, 1, 1, 1, 1])), 10],
  ['no bytes', new Uint8Array(0), 1],
])('refused: %s', (_what, bytes, size) => {
  expect(() => unpackZstd(bytes, size)).toThrow(DamagedPacking);
});

plain('sequences that leave their block end soon: 98,047 of 65,538 bytes or more each', { timeout: 10_000 }, () => {
  const sequences = [0xff, 0xff, 0xff, 0x54, 0, 0, 52, 0xff, 0xff, 1];
  const bytes = frame(block(2, 2 + sequences.length, [0x08, 0x61, ...sequences]));
  expect(() => unpackZstd(bytes, 1 << 24)).toThrow(DamagedPacking);
});

plain('blocks of no bytes are not opened without end', () => {
  const empty = Array.from({ length: 5000 }, (_, index) => block(0, 0, [], index === 4999));
  expect(() => unpackZstd(frame(...empty), 0)).toThrow(DamagedPacking);
});

const change = fc.tuple(fc.nat(PACKED.length - 1), fc.nat(255));
test.prop([fc.array(change, { minLength: 1, maxLength: 6 })], { numRuns: 3000 })(
  'flipped bytes: damage, or as many bytes as were asked for',
  (changes) => {
    const bytes = Uint8Array.from(PACKED);
    for (const [at, value] of changes) bytes[at] = value;
    try {
      expect(unpackZstd(bytes, TEXT.length)).toHaveLength(TEXT.length);
    } catch (error) {
      expect(error).toBeInstanceOf(DamagedPacking);
    }
  },
);

function hasZstd(): boolean {
  try {
    execFileSync('zstd', ['--version'], { stdio: 'pipe' });
    return true;
  } catch {
    console.warn('src/image: files packed by zstd are skipped, no zstd');
    return false;
  }
}

plain.skipIf(!hasZstd()).each(['-1', '-3', '-9', '-19', '--fast=5'])('files as zstd %s packs them', (level) => {
  // Code, JSON, and one byte a thousand times.
  for (const input of [readFileSync(process.execPath).subarray(0, 1 << 18), Buffer.from(TEXT), Buffer.alloc(5000, 7)]) {
    const packed = execFileSync('zstd', ['-c', level], {
      input,
      maxBuffer: 1 << 23,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    expect(Buffer.compare(unpackZstd(packed, input.length), input)).toBe(0);
  }
});

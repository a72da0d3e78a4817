/** Debug sections that are larger than anything that is built: an image without lines, soon. Work is counted, not timed. */
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Image } from './image.js';
import { lineWork } from './line-table.js';
import { ADDRESS, END, line, many, OPERANDS, setAddress, SMALL, unit, withLines } from './made-lines.test.helper.js';

const COMPRESSED = 0x800;
const TYPE = { zlib: 1, zstd: 2 } as const;
/** A hang is noticed. What is counted below takes a second or two. */
const PATIENCE = { timeout: 20_000 };

/** A section's contents under Elf64_Chdr. */
function compressed(type: number, size: number, packed: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(24 + packed.length);
  bytes.writeUInt32LE(type, 0);
  bytes.writeBigUInt64LE(BigInt(size), 8);
  bytes.writeBigUInt64LE(1n, 16);
  bytes.set(packed, 24);
  return bytes;
}

/** The form before the flag: a name, and a head of its own. */
function oldCompressed(size: number, packed: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(12 + packed.length);
  bytes.write('ZLIB', 'latin1');
  bytes.writeBigUInt64BE(BigInt(size), 4);
  bytes.set(packed, 12);
  return bytes;
}

/** A frame of blocks that repeat one byte. */
function repeated(byte: number, size: number): Uint8Array {
  const blocks: number[] = [];
  for (let left = size; left > 0; left -= 2 ** 17) {
    const head = (left <= 2 ** 17 ? 1 : 0) | 2 | (Math.min(left, 2 ** 17) << 3);
    blocks.push(head & 0xff, (head >> 8) & 0xff, head >> 16, byte);
  }
  return Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, ...blocks]);
}

describe('compressed sections', () => {
  // A block of the bytes as they are, and an empty one behind it.
  const frame = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, (SMALL.length << 3) & 0xff, SMALL.length >> 5, 0];
  const zstd = Uint8Array.from([...frame, ...SMALL, 1, 0, 0]);
  test.each<[string, () => Image]>([
    ['none', () => withLines(SMALL)],
    ['zlib', () => withLines(compressed(TYPE.zlib, SMALL.length, deflateSync(SMALL)), COMPRESSED)],
    ['zstd', () => withLines(compressed(TYPE.zstd, SMALL.length, zstd), COMPRESSED)],
    ['.zdebug_line', () => withLines(oldCompressed(SMALL.length, deflateSync(SMALL)), 0, '.zdebug_line')],
  ])('%s', (_form, image) => {
    expect(line(image())).toBe('a.c:7');
  });

  test.each<[string, () => Image]>([
    ['another type', () => withLines(compressed(3, SMALL.length, deflateSync(SMALL)), COMPRESSED)],
    ['less than it says', () => withLines(compressed(TYPE.zlib, SMALL.length + 1, deflateSync(SMALL)), COMPRESSED)],
    ['more than it says', () => withLines(compressed(TYPE.zlib, SMALL.length - 1, deflateSync(SMALL)), COMPRESSED)],
    ['zstd of another size', () => withLines(compressed(TYPE.zstd, SMALL.length - 1, zstd), COMPRESSED)],
    ['no zlib stream', () => withLines(compressed(TYPE.zlib, SMALL.length, SMALL), COMPRESSED)],
    ['no head', () => withLines(SMALL.subarray(0, 20), COMPRESSED)],
    ['.zdebug_line without its mark', () => withLines(SMALL, 0, '.zdebug_line')],
  ])('damaged: %s', (_what, image) => {
    expect(line(image())).toBeUndefined();
  });

  const gigabyte = 2 ** 30;
  test.each<[string, () => Image]>([
    ['zlib', () => withLines(compressed(TYPE.zlib, gigabyte, deflateSync(Buffer.alloc(1 << 20))), COMPRESSED)],
    ['zstd', () => withLines(compressed(TYPE.zstd, gigabyte, repeated(0, gigabyte)), COMPRESSED)],
    ['.zdebug_line', () => withLines(oldCompressed(gigabyte, deflateSync(new Uint8Array(9))), 0, '.zdebug_line')],
    ['2^64 - 1 bytes', () => withLines(compressed(TYPE.zlib, 2 ** 63, deflateSync(SMALL)), COMPRESSED)],
  ])('1 GiB that fits in little is not unpacked: %s', (_form, image) => {
    const made = image();
    expect(line(made)).toBeUndefined();
    expect(lineWork(made)).toEqual({ units: 0, steps: 0, isTooMuch: true });
  });

  test('16 MiB of zeros are: padding', PATIENCE, () => {
    const made = withLines(compressed(TYPE.zstd, 2 ** 24, repeated(0, 2 ** 24)), COMPRESSED);
    expect(line(made)).toBeUndefined();
    expect(lineWork(made)).toEqual({ units: 0, steps: 0, isTooMuch: false });
  });
});

describe('limits', () => {
  test('of units', PATIENCE, () => {
    expect(line(withLines(many(65_536, SMALL)))).toBe('a.c:7');
    const made = withLines(many(100_000, SMALL));
    expect(line(made)).toBeUndefined();
    expect(lineWork(made)).toMatchObject({ units: 65_537, isTooMuch: true });
  });

  test('of damaged units', PATIENCE, () => {
    const made = withLines(many(100_000, Buffer.from([2, 0, 0, 0, 9, 9])));
    expect(line(made)).toBeUndefined();
    expect(lineWork(made)).toEqual({ units: 65_537, steps: 0, isTooMuch: true });
  });

  test('of rows in one sequence, which the next one does not pay for', PATIENCE, () => {
    // Every row is a byte and a line further than the one before.
    const rows = Buffer.alloc(2_200_000, 13 + 14 + 6);
    const large = Buffer.concat([setAddress(1n), rows, END]);
    const made = withLines(unit(Buffer.concat([large, setAddress(ADDRESS), Buffer.from([3, 6, 1, 2, 16]), END])));
    expect(line(made, 1n)).toBeUndefined();
    expect(line(made)).toBe('a.c:7');
  });

  test('of the files of a unit', PATIENCE, () => {
    const file = Buffer.from([0x61, 0, 0, 0, 0]);
    const unitOf = (count: number): Uint8Array => {
      const header = Buffer.concat([
        Buffer.from([1, 1, 1, 0xfb, 14, 13, ...OPERANDS, 0]),
        many(count, file),
        END.subarray(0, 1),
      ]);
      const program = Buffer.concat([setAddress(ADDRESS), Buffer.from([3, 6, 1, 2, 16]), END]);
      const bytes = Buffer.alloc(10);
      bytes.writeUInt32LE(6 + header.length + program.length, 0);
      bytes.writeUInt16LE(4, 4);
      bytes.writeUInt32LE(header.length, 6);
      return Buffer.concat([bytes, header, program]);
    };
    expect(line(withLines(unitOf(65_536)))).toBe('a:7');
    expect(line(withLines(unitOf(65_537)))).toBeUndefined();
  });

  test('rows whose addresses descend are damage', () => {
    const program = [
      setAddress(ADDRESS),
      Buffer.from([3, 6, 1, 2, 8, 1]),
      setAddress(ADDRESS + 4n),
      Buffer.from([1, 2, 12]),
      END,
    ];
    expect(line(withLines(unit(Buffer.concat(program))))).toBeUndefined();
  });
});

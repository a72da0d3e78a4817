/** Damaged images: an image or an ImageError, never another error, and soon. */
import { fc, test } from '@fast-check/vitest';
import { expect, test as plain } from 'vitest';
import { sampleExecutable, sampleObject, sectionHeaderAt, writeElf } from './elf-writer.test.helper.js';
import { check, orRefused } from './hostile.test.helper.js';
import { parseImage } from './load.js';

const SAMPLES = [writeElf(sampleObject()), writeElf(sampleExecutable()), writeElf({ ...sampleExecutable(), type: 3 })];

/** How many mutants were accepted and refused: both must happen, or the test says little. */
const seen = { accepted: 0, refused: 0 };

function survive(bytes: Uint8Array): void {
  const image = orRefused(() => parseImage(bytes, 'hostile'));
  seen[image === undefined ? 'refused' : 'accepted']++;
  if (image !== undefined) check(image);
}

const sample = fc.constantFrom(...SAMPLES);
const position = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const RUNS = { numRuns: 5000 };

test.prop([sample, fc.array(fc.tuple(position, fc.nat(255)), { minLength: 1, maxLength: 8 })], RUNS)(
  'flipped bytes',
  (original, changes) => {
    const bytes = original.slice();
    for (const [at, value] of changes) bytes[Math.floor(at * bytes.length)] = value;
    survive(bytes);
  },
);

test.prop([sample, position], RUNS)('truncation', (original, at) => {
  survive(original.slice(0, Math.floor(at * original.length)));
});

const edge = fc.constantFrom(
  0n,
  1n,
  7n,
  24n,
  0xff00n,
  0xfff2n,
  0xffffn,
  0x7fffffffn,
  0xffffffffn,
  1n << 32n,
  1n << 53n,
  1n << 63n,
  (1n << 64n) - 1n,
);
test.prop([sample, fc.array(fc.tuple(position, edge, fc.constantFrom(2, 4, 8)), { minLength: 1, maxLength: 4 })], RUNS)(
  'fields with values at the edge',
  (original, changes) => {
    const bytes = original.slice();
    const view = new DataView(bytes.buffer);
    for (const [where, value, width] of changes) {
      const at = Math.floor((where * (bytes.length - 8)) / width) * width;
      if (width === 8) view.setBigUint64(at, value, true);
      else if (width === 4) view.setUint32(at, Number(value & 0xffffffffn), true);
      else view.setUint16(at, Number(value & 0xffffn), true);
    }
    survive(bytes);
  },
);

test.prop([sample, position, position, fc.nat(64)], RUNS)(
  'bytes copied to another place',
  (original, from, to, length) => {
    const bytes = original.slice();
    const source = Math.floor(from * bytes.length);
    bytes.copyWithin(Math.floor(to * bytes.length), source, source + length);
    survive(bytes);
  },
);

plain('both answers were seen', () => {
  expect(seen.accepted).toBeGreaterThan(1000);
  expect(seen.refused).toBeGreaterThan(1000);
});

plain('tables that share their bytes do not multiply the work', () => {
  const file = sampleObject();
  const rela = writeElf(file);
  const view = new DataView(rela.buffer);
  const shared = sectionHeaderAt(rela, 8);
  const many = 500;
  for (let index = 0; index < many; index++)
    file.sections.push({
      name: `.r${index}`,
      type: 4,
      link: 6 + many,
      info: 1,
      entrySize: 24,
      data: new Uint8Array(0),
    });
  const bytes = writeElf(file);
  const target = new DataView(bytes.buffer);
  const real = sectionHeaderAt(bytes, 8 + many);
  expect(view.getUint32(shared + 4, true)).toBe(4);
  for (let index = 0; index < many; index++) {
    const header = sectionHeaderAt(bytes, 6 + index);
    target.setUint32(header + 24, target.getUint32(real + 24, true), true);
    target.setUint32(header + 32, target.getUint32(real + 32, true), true);
  }
  expect(() => parseImage(bytes, 'hostile')).toThrow(/relocation tables overlap/);
});

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { UsageError } from '../errors.js';
import { sampleObject, writeElf } from './elf-writer.test.helper.js';
import { ImageError } from './image.js';
import { loadImage } from './open-images.js';

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-image-'));
afterAll(() => rmSync(folder, { recursive: true }));

function put(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

test('reads a file, with the hash of its bytes', () => {
  const bytes = writeElf(sampleObject());
  const image = loadImage(put('good.o', bytes));
  expect(image.name).toBe(join(folder, 'good.o'));
  expect(image.hash).toBe(createHash('sha256').update(bytes).digest('hex'));
  expect(image.segments[0].bytes[0]).toBe(0x90);
});

test('says what is wrong with a path', () => {
  const missing = join(folder, 'missing.o');
  expect(() => loadImage(missing)).toThrow(`${missing}: no such file; check the path`);
  expect(() => loadImage(folder)).toThrow(/: a directory;/);
  expect(() => loadImage(put('empty.o', new Uint8Array(0)))).toThrow(/: the file is empty/);
  expect(() => loadImage('/dev/zero')).toThrow(/not a regular file/);
  expect(() => loadImage('a\0b')).toThrow(/^a\\x00b: cannot be read/);
  expect(() => loadImage('')).toThrow(/no such file/);
  symlinkSync('loop', join(folder, 'loop'));
  expect(() => loadImage(join(folder, 'loop'))).toThrow(/symbolic links/);
  mkdirSync(join(folder, 'dir\nname'));
  expect(() => loadImage(join(folder, 'dir\nname'))).toThrow(/dir\\x0aname: a directory/);
});

test('does not read a file of more than 1 GiB', () => {
  const path = put('large', new Uint8Array(1));
  truncateSync(path, 2 ** 30 + 1);
  expect(() => loadImage(path)).toThrow(/1073741825 bytes, at most 1 GiB/);
});

test('its errors are errors for people', () => {
  expect(() => loadImage('/nowhere')).toThrow(ImageError);
  expect(() => loadImage('/nowhere')).toThrow(UsageError);
});

/** Paths from a folder, also where the shell calls it by another name. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { pathInFolder, shownPath } from './path-in-folder.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tdxfuzz-paths-')));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ['/a/b/c.c', 'b/c.c'],
  ['b/../c.c', 'c.c'],
  ['/a/..c/d.c', '..c/d.c'],
  ['/a', undefined],
  ['/ab/c.c', undefined],
  ['../c.c', undefined],
  ['/', undefined],
])('%s in /a', (path, inside) => {
  expect(pathInFolder(path, '/a')).toBe(inside);
});

test('what lies elsewhere stays as it is', () => {
  expect(shownPath('/a/b.c', '/a', '/a')).toBe('b.c');
  expect(shownPath('/elsewhere/b.c', '/a', '/a')).toBe('/elsewhere/b.c');
  expect(shownPath('../b.c', '/a', undefined)).toBe('../b.c');
});

test('the folder by the name that the shell has for it', () => {
  mkdirSync(join(folder, 'real'));
  symlinkSync(join(folder, 'real'), join(folder, 'link'));
  const [real, link] = [join(folder, 'real'), join(folder, 'link')];
  expect(shownPath(`${link}/a.c`, real, link)).toBe('a.c');
  expect(shownPath(`${link}/a.c`, real, real)).toBe(`${link}/a.c`);
  // Left by a shell that has gone elsewhere since.
  expect(shownPath(`${folder}/a.c`, real, folder)).toBe(`${folder}/a.c`);
  expect(shownPath(`${link}/a.c`, real, join(folder, 'absent'))).toBe(`${link}/a.c`);
});

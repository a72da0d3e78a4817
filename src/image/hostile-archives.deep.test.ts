/** Truncations at every length and 5,000 mutations of each form of file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { FORMS, mutated, soundFile, survives } from './hostile-archives.test.helper.js';

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-hostile-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each(FORMS)('%s: cut at every length', { timeout: 600_000 }, (form) => {
  const sound = soundFile(form, folder);
  for (let length = 0; length < sound.length; length++) survives(sound.slice(0, length), folder);
});

test.each(FORMS)('%s: 5,000 mutations', { timeout: 600_000 }, (form) => {
  const sound = soundFile(form, folder);
  const before = process.memoryUsage().rss;
  for (let seed = 0; seed < 5000; seed++) survives(mutated(sound, seed), folder);
  expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 30);
});

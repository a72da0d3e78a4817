/** Truncations at every length, and mutations: the deep test has more of these. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { FORMS, mutated, soundFile, survives } from './hostile-archives.test.helper.js';

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-hostile-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each(FORMS)('%s: sound, and cut at every seventh length', (form) => {
  const sound = soundFile(form, folder);
  expect(survives(sound, folder)).toBe(true);
  for (let length = 0; length < sound.length; length += 7) survives(sound.slice(0, length), folder);
});

test.each(FORMS)('%s: 100 mutations', (form) => {
  const sound = soundFile(form, folder);
  const accepted = Array.from({ length: 100 }, (_, seed) => survives(mutated(sound, seed), folder));
  // Both answers must be seen, or the test says little.
  expect(accepted.filter(Boolean).length).toBeGreaterThan(20);
  expect(accepted.filter((one) => !one).length).toBeGreaterThan(5);
});

/** Damaged COFF and PE files: 5,000 mutants of each form, within bounded memory. */
import seedrandom from 'seedrandom';
import { expect, test } from 'vitest';
import { HOSTILE_SAMPLES, isImage, mutated } from './coff-hostile.test.helper.js';

test.each(HOSTILE_SAMPLES)('%s: 5,000 mutants', (form, original) => {
  const random = seedrandom(`deep ${form}`);
  let images = 0;
  // Other files run in this process before.
  const before = process.memoryUsage().rss;
  for (let count = 0; count < 5000; count++)
    if (isImage(mutated(original, (below) => Math.floor(random() * below)))) images++;
  expect(images).toBeGreaterThan(250);
  expect(images).toBeLessThan(4750);
  expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 30);
});

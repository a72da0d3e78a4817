/** Damaged kernel images: 2,000 mutants of each form, each within two seconds, within bounded memory. */
import seedrandom from 'seedrandom';
import { expect, test } from 'vitest';
import { isKernel, KERNEL_SAMPLES, mutatedKernel } from './kernel-hostile.test.helper.js';

test.each(KERNEL_SAMPLES)('%s: 2,000 mutants', (form, original) => {
  const random = seedrandom(`deep ${form}`);
  // Other files run in this process before.
  const before = process.memoryUsage().rss;
  let images = 0;
  let slowest = 0;
  for (let count = 0; count < 2000; count++) {
    const start = performance.now();
    if (isKernel(mutatedKernel(original, (below) => Math.floor(random() * below)))) images++;
    slowest = Math.max(slowest, performance.now() - start);
  }
  expect(images).toBeGreaterThan(20);
  expect(images).toBeLessThan(1980);
  expect(slowest).toBeLessThan(2000);
  expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 30);
});

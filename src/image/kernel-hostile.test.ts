/** Damaged kernel images: an image or one line, soon. */
import seedrandom from 'seedrandom';
import { expect, test } from 'vitest';
import { isKernel, KERNEL_SAMPLES, mutatedKernel } from './kernel-hostile.test.helper.js';

test.each(KERNEL_SAMPLES)('%s: 60 mutants', (form, original) => {
  expect(isKernel(original)).toBe(true);
  const random = seedrandom(form);
  let images = 0;
  for (let count = 0; count < 60; count++)
    if (isKernel(mutatedKernel(original, (below) => Math.floor(random() * below)))) images++;
  expect(images).toBeLessThan(60);
});

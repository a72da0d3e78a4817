/** Damaged COFF and PE files, the quick part: every length, and some mutants. */
import seedrandom from 'seedrandom';
import { describe, expect, test } from 'vitest';
import { HOSTILE_SAMPLES, isImage, mutated } from './coff-hostile.test.helper.js';

describe.each(HOSTILE_SAMPLES)('%s', (form, original) => {
  test('cut at every length', () => {
    let refused = 0;
    for (let length = 0; length < original.length; length++) if (!isImage(original.slice(0, length))) refused++;
    // Of a PE image the symbols at the end may be missing.
    expect(refused).toBeGreaterThan(original.length / 2);
  });

  test('300 mutants', () => {
    const random = seedrandom(`quick ${form}`);
    const images = Array.from({ length: 300 }, () =>
      isImage(mutated(original, (below) => Math.floor(random() * below))),
    );
    // Both answers, or the test says little.
    expect(images).toContain(true);
    expect(images).toContain(false);
  });
});

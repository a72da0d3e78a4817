/** Two mistakes in one stub are two findings. */
import { describe, expect, test } from 'vitest';
import { findingsOf, PAIRS } from './causes.test.helper.js';

describe('one finding for one mistake', () => {
  test.each(PAIRS)('%s, and %s: two findings, with what each had alone', async (one, other) => {
    const alone = [...(await findingsOf([one])), ...(await findingsOf([other]))];
    const both = await findingsOf([one, other]);
    expect(both).toHaveLength(2);
    const sorted = (findings: string[][]): string[] => findings.map((lines) => [...lines].sort().join()).sort();
    expect(sorted(both)).toEqual(sorted(alone));
  });
});

/** A run follows from its case alone: what ran before on the same runner leaves nothing behind. */
import { describe, expect, test } from 'vitest';
import { builtInTargets } from '../campaign/targets/built-in-targets.js';
import { drawCases } from '../case/arbitrary.js';
import { openRunner } from './open-runner.js';

const WORDS = [21, 22, 23, 24] as const;
const CASES = 60;

describe('a case on its own, and between others in both directions', () => {
  test.each(builtInTargets().map((target) => [target.name, target] as const))('%s', (_, target) => {
    const runner = openRunner(target);
    const cases = drawCases(runner.space, WORDS, CASES);
    const digestOf = (index: number): string => {
      runner.run(cases[index]);
      return runner.digest();
    };
    const forth = cases.map((_one, index) => digestOf(index));
    const back = cases.map((_one, index) => digestOf(CASES - 1 - index)).reverse();
    expect(new Set(forth).size).toBeGreaterThan(1);
    expect(back).toEqual(forth);
  });
});

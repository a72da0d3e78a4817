/** The idioms as tests, the same for both suites, of few cases and of many. */
import { describe, expect, test } from 'vitest';
import { fuzz } from '../campaign/fuzz.js';
import { neverInForce, type TargetResult } from '../campaign/records/result.js';
import { packageRoot } from '../package-info.js';
import type { StubTarget } from '../run/target.js';
import { readIdioms } from './idioms.js';

/**
 * @param runs cases of each clean function; the broken one has at most 2,000
 * @param each of so many idioms one is judged
 */
export function judgeIdioms(runs: number, each = 1): void {
  const idioms = readIdioms(packageRoot()).filter((_, index) => index % each === 0);
  const judge = async (target: StubTarget, cases: number): Promise<TargetResult> => {
    const budget = { runs: cases };
    const result = await fuzz({ targets: [target], seed: 'idioms', budget, workers: 1, examine: false });
    return result.result.targets[0];
  };

  describe(`idioms, ${runs} cases of each clean function`, () => {
    test('have names of their own', () => {
      expect(new Set(idioms.map(({ name }) => name)).size).toBe(idioms.length);
    });

    test.each(idioms)('$name: $clean is silent', async ({ cleanTarget }) => {
      const result = await judge(cleanTarget, runs);
      expect(result.problem).toBeUndefined();
      expect(result.findings.map(({ property, clause, place }) => `${property}: ${clause} at ${place}`)).toEqual([]);
      expect(neverInForce(result)).toEqual([]);
      expect(result.cases).toBeGreaterThanOrEqual(runs);
    });

    test.each(idioms)('$name: $broken is found by $property', async ({ brokenTarget, broken, property }) => {
      const { findings, problem } = await judge(brokenTarget, Math.min(runs, 2000));
      expect(problem).toBeUndefined();
      const found = findings.filter((finding) => finding.property === property);
      expect(findings.map((finding) => finding.property)).toContain(property);
      for (const { place, unrepeated } of found) {
        expect(place.startsWith(`${broken}+`)).toBe(true);
        expect(unrepeated).toBeUndefined();
      }
    });
  });
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../package-info.js';
import { type Golden, GOLDEN_PATH, goldenDifferences, goldenResults } from './golden.js';

const root = packageRoot();
const golden = JSON.parse(readFileSync(join(root, GOLDEN_PATH), 'utf8')) as Golden;

describe('golden results', () => {
  it('are what every built-in target and every twin says today; meant to change? `npm run golden` writes them', async () => {
    const now = await goldenResults(root);
    expect(Object.keys(now.violations).length).toBeGreaterThan(300);
    expect(goldenDifferences(golden, now)).toEqual([]);
  }, 600_000);

  it('tell another count, another violation, another result and another target', () => {
    const [name] = Object.keys(golden.violations).filter((id) => Object.keys(golden.violations[id]).length > 0);
    const [violation] = Object.keys(golden.violations[name]);
    const other = structuredClone(golden);
    other.violations[name][violation]++;
    other.violations[name]['keeps-flags | x | y | z'] = 1;
    const [first] = Object.keys(other.results);
    other.results[first]['classes'] = 'other';
    delete other.violations[Object.keys(other.violations).at(-1) as string];
    expect(goldenDifferences(golden, other)).toHaveLength(4);
    expect(goldenDifferences(golden, golden)).toEqual([]);
  });
});

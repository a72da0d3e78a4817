/** A part of the museum on every run of the tests; `npm run museum:full` is the whole. */
import { beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../package-info.js';
import { readManifest } from '../targets/manifest.js';
import { type Exhibit, museum } from './museum.js';

const SEEDS = 3;
/** Fewer than the 10,000 of the whole: every twin is found earlier than this. */
const RUNS = 2000;
const FIXED_RUNS = 20_000;

describe('the museum', () => {
  let exhibits: Exhibit[] = [];
  beforeAll(async () => {
    // Two workers: they run dist, which `npm test` has just built.
    exhibits = await museum({ root: packageRoot(), seeds: SEEDS, runs: RUNS, fixedRuns: FIXED_RUNS, workers: 2 });
  });

  const twins = readManifest(packageRoot());
  const fixed = new Set(twins.map((twin) => `${twin.fixed.object} ${twin.fixed.symbol}`));

  test('has at least 30 broken twins, and shows each of them', () => {
    expect(twins.length).toBeGreaterThanOrEqual(30);
    expect(exhibits).toHaveLength(twins.length + fixed.size);
  });

  test.each(twins.map(({ id }) => id))('%s is found where its manifest says, on every seed', (id) => {
    const exhibit = exhibits.find((candidate) => candidate.id === id);
    expect(exhibit?.runs.map(({ complaints }) => complaints)).toEqual(Array.from({ length: SEEDS }, () => []));
    for (const { foundAfter } of exhibit?.runs ?? []) expect(foundAfter).toBeGreaterThanOrEqual(0);
  });

  test('every fixed twin stays silent, with no class of cases left empty', () => {
    const clean = exhibits.filter(({ kind }) => kind === 'fixed');
    expect(clean).toHaveLength(fixed.size);
    expect(
      clean.flatMap(({ id, runs }) => runs.flatMap(({ complaints }) => complaints.map((text) => `${id}: ${text}`))),
    ).toEqual([]);
    for (const { runs } of clean) expect(runs[0]?.cases).toBe(FIXED_RUNS);
  });

  test('complains about a twin that is not found', async () => {
    // One case is too few for a mistake that needs a failing TDCALL.
    const [exhibit] = await museum({
      root: packageRoot(),
      seeds: 1,
      runs: 1,
      fixedRuns: 1,
      workers: 1,
      only: 'failure-by-sign',
    });
    expect(exhibit?.runs[0]?.complaints).toContainEqual(expect.stringMatching(/^not found: stops-on-failure/));
  });
});

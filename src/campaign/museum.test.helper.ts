/** The museum as tests: the same for both suites, of a few twins and of all. */
import { beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../package-info.js';
import type { Twin } from '../targets/twin.js';
import { type Exhibit, museum } from './museum.js';

/** How much of it. */
export interface Amount {
  seeds: number;
  /** Cases for each broken twin on each seed. */
  runs: number;
  /** Cases for each fixed twin, on the first seed. */
  fixedRuns: number;
}

/**
 * Makes the tests of some twins; their names say seeds and runs.
 *
 * @returns all exhibits that were visited, by id, once the tests have run
 */
export function visit(
  what: string,
  twins: readonly Twin[],
  { seeds, runs, fixedRuns }: Amount,
): ReadonlyMap<string, Exhibit> {
  const shown = new Map<string, Exhibit>();
  const amount = `${seeds} ${seeds === 1 ? 'seed' : 'seeds'}, ${runs} runs, ${fixedRuns} of each fixed twin`;
  describe(`the museum of ${twins.length} ${what} (${amount})`, () => {
    let exhibits: Exhibit[] = [];
    const ids = new Set(twins.map(({ id }) => id));
    beforeAll(async () => {
      // Two workers: they run dist, which `npm test` has just built.
      const root = packageRoot();
      exhibits = await museum({ root, seeds, runs, fixedRuns, workers: 2, chosen: (id) => ids.has(id) });
      for (const exhibit of exhibits) shown.set(exhibit.id, exhibit);
    }, 600_000);

    const fixed = new Set(twins.map(({ fixed: clean, contract }) => `${clean.object} ${contract}`));

    test('shows each of them', () => {
      expect(twins.length).toBeGreaterThan(0);
      expect(exhibits).toHaveLength(twins.length + fixed.size);
    });

    test.each(twins.map(({ id }) => id))('%s is found where its manifest says, on every seed', (id) => {
      const exhibit = exhibits.find((candidate) => candidate.id === id);
      expect(exhibit?.runs.map(({ complaints }) => complaints)).toEqual(Array.from({ length: seeds }, () => []));
      for (const { foundAfter } of exhibit?.runs ?? []) expect(foundAfter).toBeGreaterThanOrEqual(0);
    });

    test('every fixed twin stays silent, with no class of cases left empty', () => {
      const clean = exhibits.filter(({ kind }) => kind === 'fixed');
      expect(clean).toHaveLength(fixed.size);
      expect(
        clean.flatMap(({ id, runs: done }) =>
          done.flatMap(({ complaints }) => complaints.map((text) => `${id}: ${text}`)),
        ),
      ).toEqual([]);
      for (const { runs: done } of clean) expect(done[0]?.cases).toBe(fixedRuns);
    });
  });
  return shown;
}

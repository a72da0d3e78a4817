/** A part of the museum on every run of the tests; `npm run museum:full` is the whole. */
import { beforeAll, describe, expect, test } from 'vitest';
import { PROPERTY_NAMES } from '../../properties/all.js';
import { findAnyContract } from '../contract/find-contract.js';
import { CONTRACT_SETS } from '../contract/library/sets.js';
import { packageRoot } from '../package-info.js';
import { readManifest } from '../targets/manifest.js';
import type { Twin } from '../targets/twin.js';
import { type Exhibit, museum } from './museum.js';

/** Fewer than the 10,000 of the whole: every twin of a stub is found earlier than this. */
const STUBS = { seeds: 2, runs: 2000, fixedRuns: 20_000 };
/** Programs are played one by one: one seed, and fewer cases. */
const PROGRAMS = { seeds: 1, runs: 1000, fixedRuns: 5000 };
/** Mistakes that one case in some thousand shows: only the whole museum has so many. */
const RARE = ['dispatcher-self-ipi-emulated', 'dispatcher-efer-writable'];

const TWINS = readManifest(packageRoot());
const isProgram = ({ contract }: Twin): boolean => findAnyContract(contract, CONTRACT_SETS).program !== undefined;

/** All that were visited, by id. */
const SHOWN = new Map<string, Exhibit>();

describe.each([
  ['stubs', STUBS, TWINS.filter((twin) => !isProgram(twin))],
  ['programs', PROGRAMS, TWINS.filter((twin) => isProgram(twin) && !RARE.includes(twin.id))],
] as const)('the museum of %s', (_, { seeds, runs, fixedRuns }, twins) => {
  let exhibits: Exhibit[] = [];
  const ids = new Set(twins.map(({ id }) => id));
  beforeAll(async () => {
    // Two workers: they run dist, which `npm test` has just built.
    const root = packageRoot();
    exhibits = await museum({ root, seeds, runs, fixedRuns, workers: 2, chosen: (id) => ids.has(id) });
    for (const exhibit of exhibits) SHOWN.set(exhibit.id, exhibit);
  }, 240_000);

  const fixed = new Set(twins.map(({ fixed: clean, contract }) => `${clean.object} ${contract}`));

  test('has at least 30 broken twins, and shows each of them', () => {
    expect(twins.length).toBeGreaterThanOrEqual(30);
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

describe('the museum as a whole', () => {
  test.each(PROPERTY_NAMES)('has a broken twin that %s finds at its place', (name) => {
    const good = ({ id }: Twin): boolean =>
      SHOWN.get(id)?.runs.every(({ complaints }) => complaints.length === 0) ?? false;
    expect(TWINS.filter((twin) => twin.property === name && good(twin)).length).toBeGreaterThan(0);
  });

  test('names no property that does not exist', () => {
    for (const { property, alsoBreaks } of TWINS)
      for (const name of [property, ...alsoBreaks]) expect(PROPERTY_NAMES).toContain(name);
  });

  test('sees nothing that its manifest does not list, and nothing in a fixed twin', () => {
    const wrong = [...SHOWN.values()].flatMap(({ id, runs }) =>
      runs.flatMap(({ complaints }) =>
        complaints
          .filter((complaint) => /^(unlisted|false alarm|no verdict)/.test(complaint))
          .map((complaint) => `${id}: ${complaint}`),
      ),
    );
    expect(SHOWN.size).toBeGreaterThan(TWINS.length);
    expect(wrong).toEqual([]);
  });
});

test('the museum complains about a twin that is not found', async () => {
  // One case is too few for a mistake that needs a failing TDCALL.
  const [exhibit] = await museum({
    root: packageRoot(),
    seeds: 1,
    runs: 1,
    fixedRuns: 1,
    workers: 1,
    chosen: (id) => id.includes('failure-by-sign'),
  });
  expect(exhibit?.runs[0]?.complaints).toContainEqual(expect.stringMatching(/^not found: stops-on-failure/));
});

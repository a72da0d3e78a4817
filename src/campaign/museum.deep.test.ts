/** Every twin of the museum, on fewer seeds and cases than `npm run museum:full`. */
import { describe, expect, test } from 'vitest';
import { PROPERTY_NAMES } from '../../properties/all.js';
import { findAnyContract } from '../contract/find-contract.js';
import { CONTRACT_SETS } from '../contract/library/sets.js';
import { packageRoot } from '../package-info.js';
import { readManifest } from '../targets/manifest.js';
import type { Twin } from '../targets/twin.js';
import type { Exhibit } from './museum.js';
import { visit } from './museum.test.helper.js';

/** Fewer than the 10,000 of the whole: every twin of a stub is found earlier than this. */
const STUBS = { seeds: 2, runs: 2000, fixedRuns: 20_000 };
/** Programs are played one by one: one seed, and fewer cases. */
const PROGRAMS = { seeds: 1, runs: 1000, fixedRuns: 5000 };
/** Mistakes that one case in some thousand shows. */
const RARE = [
  'dispatcher-self-ipi-emulated',
  'dispatcher-efer-writable',
  'helper-7.3-argument-below-rsp',
  'dispatcher-chunk-below-rsp',
  'dispatcher-mmio-size-32-bits',
  'dispatcher-bus-lock-unseen',
];
/** Of stubs: an address goes wrong only across 64 KiB or 4 GiB. */
const RARE_STUBS = ['block-stepped-by-words-5.19', 'frame-in-sp-5.19'];
const RARE_PROGRAMS = { ...PROGRAMS, runs: 10_000 };

const TWINS = readManifest(packageRoot());
const isProgram = ({ contract }: Twin): boolean => findAnyContract(contract, CONTRACT_SETS).program !== undefined;

const stubs = TWINS.filter((twin) => !isProgram(twin) && !RARE_STUBS.includes(twin.id));
const rareStubs = TWINS.filter(({ id }) => RARE_STUBS.includes(id));
const programs = TWINS.filter((twin) => isProgram(twin) && !RARE.includes(twin.id));
const rare = TWINS.filter(({ id }) => RARE.includes(id));
const visited = [
  visit('stubs', stubs, STUBS),
  visit('stubs whose mistake is rare', rareStubs, { ...STUBS, runs: 10_000 }),
  visit('programs', programs, PROGRAMS),
  visit('programs whose mistake is rare', rare, RARE_PROGRAMS),
];

describe('the museum as a whole', () => {
  const exhibits = (): Map<string, Exhibit> => new Map(visited.flatMap((shown) => [...shown]));

  test('has at least 30 broken twins of stubs, and 30 of programs', () => {
    expect(stubs.length).toBeGreaterThanOrEqual(30);
    expect(programs.length).toBeGreaterThanOrEqual(30);
    expect(stubs.length + rareStubs.length + programs.length + rare.length).toBe(TWINS.length);
  });

  test.each(PROPERTY_NAMES)('has a broken twin that %s finds at its place', (name) => {
    const good = ({ id }: Twin): boolean =>
      exhibits()
        .get(id)
        ?.runs.every(({ complaints }) => complaints.length === 0) ?? false;
    expect(TWINS.filter((twin) => twin.property === name && good(twin)).length).toBeGreaterThan(0);
  });

  test('names no property that does not exist', () => {
    for (const { property, alsoBreaks } of TWINS)
      for (const name of [property, ...alsoBreaks]) expect(PROPERTY_NAMES).toContain(name);
  });

  test('sees nothing that its manifest does not list, and nothing in a fixed twin', () => {
    const wrong = [...exhibits().values()].flatMap(({ id, runs }) =>
      runs.flatMap(({ complaints }) =>
        complaints
          .filter((complaint) => /^(unlisted|false alarm|no verdict)/.test(complaint))
          .map((complaint) => `${id}: ${complaint}`),
      ),
    );
    expect(exhibits().size).toBeGreaterThan(TWINS.length);
    expect(wrong).toEqual([]);
  });
});

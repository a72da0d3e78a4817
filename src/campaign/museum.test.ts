/** A twin of each contract and a few more, where the whole museum shows them first; `museum.deep.test.ts` has them all. */
import { expect, test } from 'vitest';
import { findAnyContract } from '../contract/find-contract.js';
import { CONTRACT_SETS } from '../contract/library/sets.js';
import { packageRoot } from '../package-info.js';
import { readManifest } from '../targets/manifest.js';
import type { Twin } from '../targets/twin.js';
import { museum } from './museum.js';
import { visit } from './museum.test.helper.js';

const TWINS = readManifest(packageRoot());
const isProgram = ({ contract }: Twin): boolean => findAnyContract(contract, CONTRACT_SETS).program !== undefined;

/** Of each contract the first of its twins, and every 24th behind it. */
const CHOSEN = TWINS.filter(
  (twin, at) => TWINS.slice(0, at).filter(({ contract }) => contract === twin.contract).length % 24 === 0,
);

visit(
  'stubs',
  CHOSEN.filter((twin) => !isProgram(twin)),
  { seeds: 1, runs: 1000, fixedRuns: 20_000 },
);
visit(
  'programs',
  CHOSEN.filter((twin) => isProgram(twin)),
  { seeds: 1, runs: 1000, fixedRuns: 1000 },
);

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

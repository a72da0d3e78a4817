/** One finding for one mistake: mistakes are edited into the bytes of a sound stub, alone and by two. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findContract } from '../contract/find-contract.js';
import { CONTRACT_SETS } from '../contract/library/sets.js';
import { parseImage } from '../image/load.js';
import { packageRoot } from '../package-info.js';
import { readManifest } from '../targets/manifest.js';
import { brokenTarget, imageCache } from './targets/twin-targets.js';
import { fuzz } from './fuzz.js';
import { causesOfTarget } from './records/result.js';

const OBJECT = readFileSync(join(packageRoot(), 'corpus/targets/guest-6.7.o'));
const SYMBOL = '__tdcall_saved_ret';
interface Edit {
  at: number;
  was: readonly number[];
  is: readonly number[];
}
const MISTAKES: Readonly<Record<string, Edit>> = {
  'R14 is loaded from the field of R13': { at: 0x30, was: [0x4c, 0x8b, 0x76, 0x40], is: [0x4c, 0x8b, 0x76, 0x38] },
  'R13 is stored as R12': { at: 0x75, was: [0x4c, 0x89, 0x66, 0x30], is: [0x4c, 0x89, 0x6e, 0x30] },
  'RDX is not scrubbed': { at: 0x87, was: [0x31, 0xd2], is: [0x66, 0x90] },
  'R12 and R13 are popped the wrong way round': {
    at: 0xa9,
    was: [0x41, 0x5d, 0x41, 0x5c],
    is: [0x41, 0x5c, 0x41, 0x5d],
  },
};
const NAMES = Object.keys(MISTAKES);
const PAIRS = NAMES.flatMap((one, index) => NAMES.slice(index + 1).map((other) => [one, other]));

const holds = ({ at, was }: Edit, start: number): boolean =>
  was.every((byte, index) => OBJECT[start + at + index] === byte);
/** Where the function lies in the file: the one place at which all of them can be made. */
const PLACES = [...OBJECT.keys()].filter((start) => Object.values(MISTAKES).every((edit) => holds(edit, start)));

/** The findings for a function with these mistakes, each as what is told under one heading. */
async function findingsOf(mistakes: readonly string[], id = `linux-6.7/${SYMBOL}`): Promise<string[][]> {
  const bytes = Uint8Array.from(OBJECT);
  for (const name of mistakes) bytes.set(MISTAKES[name].is, PLACES[0] + MISTAKES[name].at);
  const image = parseImage(bytes, 'edited.o');
  const { contract, set } = findContract(id, CONTRACT_SETS);
  const targets = [{ name: 'edited', symbol: SYMBOL, set: set.name, contract, image }];
  const { result } = await fuzz({ targets, seed: 'causes', budget: { runs: 3000 }, workers: 1, examine: false });
  return causesOfTarget(result.targets[0]).map(({ finding, others, alsoBreaks }) =>
    [finding, ...others, ...alsoBreaks].map(({ property, slot }) => `${property}: ${slot}`),
  );
}

describe('one finding for one mistake', () => {
  test('the function is found in its object, and has none as it is', async () => {
    expect(PLACES).toHaveLength(1);
    expect(await findingsOf([])).toEqual([]);
  });

  test.each(NAMES)('%s', async (mistake) => expect(await findingsOf([mistake])).toHaveLength(1));

  test.each(PAIRS)('%s, and %s: two findings, with what each had alone', async (one, other) => {
    const alone = [...(await findingsOf([one])), ...(await findingsOf([other]))];
    const both = await findingsOf([one, other]);
    expect(both).toHaveLength(2);
    const sorted = (findings: string[][]): string[] => findings.map((lines) => [...lines].sort().join()).sort();
    expect(sorted(both)).toEqual(sorted(alone));
  });
});

/** Twins of programs whose one mistake shows in several values, each in a case of its own. */
const TWINS = ['seamcall-wrapper-6.8-later-tries-without-arguments', 'dispatcher-cpuid-edx-in-rdx'];

describe('one finding for one mistake in a program', () => {
  const root = packageRoot();
  const images = imageCache(root);
  test.each(TWINS)('%s', async (id) => {
    const twins = readManifest(root).filter((twin) => twin.id === id);
    const targets = twins.map((twin) => brokenTarget(twin, images));
    const { result } = await fuzz({ targets, seed: 'causes', budget: { runs: 400 }, workers: 1, examine: false });
    expect(result.targets[0].findings.length).toBeGreaterThan(1);
    expect(causesOfTarget(result.targets[0])).toHaveLength(1);
  });
});

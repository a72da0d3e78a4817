/** Mistakes that are edited into the bytes of a sound stub, alone and by two, and the findings for them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findContract } from '../contract/find-contract.js';
import { CONTRACT_SETS } from '../contract/library/sets.js';
import { parseImage } from '../image/load.js';
import { packageRoot } from '../package-info.js';
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
export const NAMES = Object.keys(MISTAKES);
export const PAIRS = NAMES.flatMap((one, index) => NAMES.slice(index + 1).map((other) => [one, other]));

const holds = ({ at, was }: Edit, start: number): boolean =>
  was.every((byte, index) => OBJECT[start + at + index] === byte);
/** Where the function lies in the file: the one place at which all of them can be made. */
export const PLACES = [...OBJECT.keys()].filter((start) => Object.values(MISTAKES).every((edit) => holds(edit, start)));

/** The findings for a function with these mistakes, each as what is told under one heading. */
export async function findingsOf(mistakes: readonly string[], id = `linux-6.7/${SYMBOL}`): Promise<string[][]> {
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

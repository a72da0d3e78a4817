/**
 * The idioms of `corpus/idioms`: stand-ins for the ways in which other projects write a stub, each with a contract in JSON, a
 * clean function on which everything stays silent, and a broken one.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ContractSet } from '../contract/contract.js';
import { readContractSet } from '../contract/validate.js';
import { UsageError } from '../errors.js';
import { parseImage } from '../image/load.js';
import type { StubTarget } from '../run/target.js';
import { readJson } from '../targets/read-json.js';

export const IDIOMS_PATH = 'corpus/idioms/idioms.json';
const FOLDER = 'corpus/idioms';

const idiomSchema = z.strictObject({
  /** What the idiom is, in a few words; unique. */
  name: z.string().min(1).max(200),
  /** File beside the list; the object and the contract set have its name with `.o` and `.json`. */
  source: z.string().regex(/^[\w-]+\.(S|c|nasm)$/, 'a .S, .c or .nasm file beside the list'),
  /** Symbol of the function that keeps its contract. */
  clean: z.string().min(1),
  /** Symbol of the function that does not, which has the same contract under its own name. */
  broken: z.string().min(1),
  /** The property that finds the broken one. */
  property: z.string().min(1),
  /** What it does wrong, in one sentence. */
  mistake: z.string().min(1),
});

const listSchema = z.strictObject({ schema: z.literal('tdxfuzz/idioms/1'), idioms: z.array(idiomSchema).min(1) });

export interface Idiom extends z.infer<typeof idiomSchema> {
  cleanTarget: StubTarget;
  brokenTarget: StubTarget;
}

/**
 * All idioms, with their objects and contracts read.
 *
 * @param root of the package
 * @throws UsageError for a list, a contract set or an object that is missing or wrong
 */
export function readIdioms(root: string): Idiom[] {
  const advice = { missing: 'it is part of the package: restore it', wrong: 'mend it' };
  const { idioms } = readJson(root, IDIOMS_PATH, listSchema, advice);
  return idioms.map((idiom) => {
    const base = idiom.source.replace(/\.\w+$/, '');
    const image = parseImage(readFileSync(join(root, FOLDER, `${base}.o`)), `${base}.o`);
    const set = readContractSet(join(root, FOLDER, `${base}.json`));
    const target = (symbol: string): StubTarget => {
      const contract = contractOf(set, symbol, idiom.name);
      return { name: `${base}.o/${symbol}`, symbol, set: set.name, contract, image };
    };
    return { ...idiom, cleanTarget: target(idiom.clean), brokenTarget: target(idiom.broken) };
  });
}

function contractOf({ contracts, name }: ContractSet, symbol: string, idiom: string): StubTarget['contract'] {
  if (Object.hasOwn(contracts, symbol)) return contracts[symbol];
  throw new UsageError(`${IDIOMS_PATH}: ${idiom}: ${name} has no contract of ${symbol}`);
}

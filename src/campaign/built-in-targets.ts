/** The built-in implementation under test: own assembly, committed as objects. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONTRACT_SETS } from '../contract/library/sets.js';
import { parseImage } from '../image/load.js';
import { packageRoot } from '../package-info.js';
import type { Target } from './target.js';

/** Object under corpus/targets -> contract set that it implements. */
const OBJECTS: Readonly<Record<string, string>> = {
  'guest-5.19': 'linux-5.19',
  'guest-6.3': 'linux-6.3',
  'guest-6.4': 'linux-6.4',
  'guest-6.7': 'linux-6.7',
  'seamcall-2023': 'linux-seamcall-2023',
  'seamcall-6.7': 'linux-6.7',
};

export function builtInTargets(): Target[] {
  return Object.entries(OBJECTS).flatMap(([object, setName]) => {
    const set = CONTRACT_SETS.find(({ name }) => name === setName);
    if (set === undefined) throw new Error(`no contract set ${setName}`);
    const path = `corpus/targets/${object}.o`;
    const image = parseImage(readFileSync(join(packageRoot(), path)), path);
    const own = Object.entries(set.contracts).filter(([symbol]) => image.symbols.some(({ name }) => name === symbol));
    return own.map(([symbol, contract]) => ({
      name: `${object}/${symbol}`,
      symbol,
      set: set.name,
      contract,
      image,
    }));
  });
}

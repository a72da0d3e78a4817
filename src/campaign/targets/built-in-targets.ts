/** The built-in implementation under test: own assembly and C, committed as objects. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContractSet } from '../../contract/contract.js';
import { CONTRACT_SETS } from '../../contract/library/sets.js';
import type { Image } from '../../image/image.js';
import { parseImage } from '../../image/load.js';
import { packageRoot } from '../../package-info.js';
import type { AnyTarget, ProgramTarget, StubTarget } from '../../run/target.js';

/** Object under corpus/targets -> contract set that its stubs implement. */
const STUBS: Readonly<Record<string, string>> = {
  'guest-5.19': 'linux-5.19',
  'guest-6.3': 'linux-6.3',
  'guest-6.4': 'linux-6.4',
  'guest-6.7': 'linux-6.7',
  'guest-rfc-2021': 'linux-rfc-2021',
  'helper-7.3': 'linux-6.7',
  'seamcall-2023': 'linux-seamcall-2023',
  'seamcall-6.7': 'linux-6.7',
};

/** Object under corpus/targets -> contract set that its programs implement. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'helper-5.19': 'linux-helpers-5.19',
  'helper-7.3': 'linux-helpers-7.3',
  'helper-parts-7.3': 'linux-helpers-7.3',
  'helper-rfc-2021': 'linux-helpers-rfc-2021',
  'dispatcher-7.3': 'kvm-7.3',
  'seamcall-wrapper-2023': 'linux-seamcall-2023',
  'seamcall-wrapper-6.8': 'linux-6.8',
  'roundtrip-7.3': 'roundtrip-7.3',
};

interface BuiltIn {
  object: string;
  set: ContractSet;
  image: Image;
}

function builtIn(objects: Readonly<Record<string, string>>): BuiltIn[] {
  return Object.entries(objects).map(([object, setName]) => {
    const set = CONTRACT_SETS.find(({ name }) => name === setName);
    if (set === undefined) throw new Error(`no contract set ${setName}`);
    const path = `corpus/targets/${object}.o`;
    return { object, set, image: parseImage(readFileSync(join(packageRoot(), path)), path) };
  });
}

function has(image: Image, symbol: string): boolean {
  return image.symbols.some(({ name }) => name === symbol);
}

/** Single functions around TDCALL or SEAMCALL. A function of a set that is linked into a program as well is listed once. */
export function builtInStubs(): StubTarget[] {
  const listed = new Set<string>();
  return builtIn(STUBS).flatMap(({ object, set, image }) =>
    Object.entries(set.contracts)
      .filter(([symbol]) => has(image, symbol) && !listed.has(`${set.name}/${symbol}`))
      .map(([symbol, contract]) => {
        listed.add(`${set.name}/${symbol}`);
        return { name: `${object}/${symbol}`, symbol, set: set.name, contract, image };
      }),
  );
}

/** Functions with state and several exchanges, each of a set once. */
export function builtInPrograms(): ProgramTarget[] {
  const listed = new Set<string>();
  return builtIn(PROGRAMS).flatMap(({ object, set, image }) =>
    Object.entries(set.programs ?? {})
      .filter(([name, { symbol }]) => has(image, symbol) && !listed.has(`${set.name}/${name}`))
      .map(([name, program]) => {
        listed.add(`${set.name}/${name}`);
        return { name: `${object}/${name}`, symbol: program.symbol, set: set.name, program, contractName: name, image };
      }),
  );
}

export function builtInTargets(): AnyTarget[] {
  return [...builtInStubs(), ...builtInPrograms()];
}

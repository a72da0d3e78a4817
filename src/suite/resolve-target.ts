/** From what a test suite names (a built-in target, or an image, a symbol and a contract) to a target. */
import { fileURLToPath } from 'node:url';
import { bindTarget } from '../campaign/targets/bind-target.js';
import { builtInTargets } from '../campaign/targets/built-in-targets.js';
import { type AnyTarget, assumptionsOf, contractId } from '../run/target.js';
import { UsageError } from '../errors.js';
import type { Image } from '../image/image.js';
import { loadImage } from '../image/open-images.js';
import { isModelled } from '../stage/outside.js';
import { shorten } from '../text/escape.js';
import { nearest } from '../text/nearest.js';

/** Machine code of one's own. */
export interface OwnTarget {
  /**
   * An object, executable or archive, or a member of one (`libtdx.a(tdcall.o)`): its path, relative to the working directory.
   * A list of them is one image, as if they were linked. Or what `loadImage` or `parseImage` gave.
   */
  image: string | URL | readonly (string | URL)[] | Image;
  /** The function; the one that the contract names if not given. */
  symbol?: string | undefined;
  /**
   * What it promises: `SET/FUNCTION`, or `SET` alone where the function is called like the symbol. SET is a built-in
   * contract set or the path of a JSON file: `linux-6.7/__tdcall`, `tdx/contracts.json/my_stub`, `tdx/contracts.json`.
   */
  contract: string;
}

/** The name of a built-in target as `tdxfuzz list` prints it, or code of one's own. */
export type TdxTarget = string | OwnTarget;

/**
 * @throws UsageError if no target or contract has that name, with the nearest ones
 * @throws ImageError if the image cannot be used or has no such function
 */
export function resolveTarget(target: TdxTarget): AnyTarget {
  if (typeof target === 'string') return builtInTarget(target);
  const { image: given, symbol } = target;
  const image = imageOf(given);
  const bound = bindTarget(image, contractOf(target), symbol);
  return { ...bound, name: shorten(bound.symbol) };
}

function imageOf(given: OwnTarget['image']): Image {
  const pathOf = (path: string | URL): string => (typeof path === 'string' ? path : fileURLToPath(path));
  if (typeof given === 'string' || given instanceof URL) return loadImage(pathOf(given), { isModelled });
  return 'segments' in given ? given : loadImage(given.map(pathOf), { isModelled });
}

/** The target as a heading: symbol or name, contract, and the image that the code is in. */
export function titleOf(target: AnyTarget): string {
  const facts = [
    shorten(contractId(target)),
    ...assumptionsOf(target).map((name) => `assumes ${name}`),
    target.image.name,
  ];
  return `${shorten(target.name)} (${facts.join(', ')})`;
}

function builtInTarget(name: string): AnyTarget {
  const targets = builtInTargets();
  const found = targets.find((target) => target.name === name);
  if (found !== undefined) return found;
  const names = targets.map((target) => target.name);
  throw new UsageError(
    `no built-in target ${shorten(name)}; ${nearest(name, names)}; code of your own: { image, symbol, contract }`,
  );
}

function contractOf({ contract, symbol }: OwnTarget): string {
  if (contract.includes('/') && !contract.endsWith('.json')) return contract;
  if (symbol === undefined)
    throw new UsageError(`contract ${shorten(contract)}: name the function too: SET/FUNCTION, or give a symbol`);
  return `${contract}/${symbol}`;
}

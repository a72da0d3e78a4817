/** Twins of the museum as targets: the broken one, and its clean neighbour. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findAnyContract } from '../../contract/find-contract.js';
import { CONTRACT_SETS } from '../../contract/library/sets.js';
import type { Image } from '../../image/image.js';
import { parseImage } from '../../image/load.js';
import type { Twin } from '../../targets/twin.js';
import type { AnyTarget } from '../../run/target.js';

/** From the path of an object, relative to the package, to its image. */
export type Images = (object: string) => Image;

/** Reads every object once. @param root of the package */
export function imageCache(root: string): Images {
  const images = new Map<string, Image>();
  return (object) => {
    let image = images.get(object);
    if (image === undefined) images.set(object, (image = parseImage(readFileSync(join(root, object)), object)));
    return image;
  };
}

/** It has the twin's id for a name. */
export function brokenTarget({ id, object, symbol, contract }: Twin, images: Images): AnyTarget {
  return target(id, symbol, contract, images(object));
}

export function fixedTarget({ fixed, contract }: Twin, name: string, images: Images): AnyTarget {
  return target(name, fixed.symbol, contract, images(fixed.object));
}

function target(name: string, symbol: string, contractId: string, image: Image): AnyTarget {
  const { set, contract, program } = findAnyContract(contractId, CONTRACT_SETS);
  if (program !== undefined) return { name, symbol, set: set.name, program: { ...program, symbol }, image };
  return { name, symbol, set: set.name, contract, image };
}

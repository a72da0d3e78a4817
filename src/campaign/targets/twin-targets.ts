/** Twins of the museum as targets: the broken one, and its clean neighbour; and the variants that must stay silent. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findAnyContract } from '../../contract/find-contract.js';
import { CONTRACT_SETS } from '../../contract/library/sets.js';
import { readContractSet } from '../../contract/validate.js';
import type { Image } from '../../image/image.js';
import { parseImage } from '../../image/load.js';
import type { Twin } from '../../targets/twin.js';
import type { Variant } from '../../targets/variants.js';
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

/** A variant that must stay silent; it has its id for a name. */
export function variantTarget({ id, object, symbol, contract, contractFile }: Variant, images: Images): AnyTarget {
  if (contractFile === undefined) return target(id, symbol, contract, images(object));
  const set = readContractSet(contractFile);
  const wanted = contract.slice(contract.indexOf('/') + 1);
  return target(id, symbol, `${set.name}/${wanted}`, images(object), [set]);
}

function target(name: string, symbol: string, contractId: string, image: Image, sets = CONTRACT_SETS): AnyTarget {
  const { set, contract, program } = findAnyContract(contractId, sets);
  if (program !== undefined) return { name, symbol, set: set.name, program: { ...program, symbol }, image };
  return { name, symbol, set: set.name, contract, image };
}

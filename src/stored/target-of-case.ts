/** The target that a case file speaks of. */
import type { Image } from '../image/image.js';
import type { AnyTarget } from '../run/target.js';
import { type CaseFile, isProgramContract } from './case-schema.js';

/** @param image its own, or a new build */
export function targetOf({ target: name, contract }: CaseFile, image: Image, symbol: string): AnyTarget {
  const { set, body } = contract;
  if (isProgramContract(body)) return { name, symbol, set, program: { ...body, symbol }, image };
  return { name, symbol, set, contract: body, image };
}

/** Binds a symbol of an image to a contract: the target that somebody names by hand. */
import type { ContractSet } from '../../contract/contract.js';
import { findAnyContract } from '../../contract/find-contract.js';
import { CONTRACT_SETS } from '../../contract/library/sets.js';
import { withFunctionsAt } from '../../harness/code-by-address.js';
import type { Image } from '../../image/image.js';
import { placeName } from '../../image/places.js';
import type { StructureLayouts } from '../../image/structure-layouts.js';
import { withLayout } from '../../program/dispatcher/kvm/resolve-layout.js';
import { findFunction, meantSymbol } from '../../image/symbols.js';
import type { ProgramTarget, StubTarget } from '../../run/target.js';
import { refuseUnlike } from './unlike.js';

/** A target that has no name yet. */
export type Unnamed = Omit<StubTarget, 'name'> | Omit<ProgramTarget, 'name'>;

/**
 * @param id `SET/FUNCTION`, where SET is a built-in set or the path of a JSON file
 * @param symbol as it is, demangled, or an address as in places.ts; the contract's own symbol if not given
 * @param layouts where structures lie, in place of the image's debug information
 * @param sets those that SET may name, the built-in ones if not given
 * @throws UsageError with the nearest names if there is no such contract
 * @throws ImageError if the image has no such function, or one that is not what the contract means
 */
export function bindTarget(
  given: Image,
  id: string,
  symbol?: string,
  sets: readonly ContractSet[] = CONTRACT_SETS,
  layouts?: StructureLayouts,
): Unnamed {
  const { set, contract, program } = findAnyContract(id, sets);
  const named = placeName(symbol ?? (program ?? contract).symbol);
  const image = withFunctionsAt(given, [named]);
  const bound = meantSymbol(image, named);
  findFunction(image, bound);
  if (program === undefined) return { symbol: bound, set: set.name, contract, image };
  refuseUnlike(image, program);
  const contractName = id.slice(id.lastIndexOf('/') + 1);
  const resolved = withLayout(image, program, layouts);
  return { symbol: bound, set: set.name, program: { ...resolved, symbol: bound }, contractName, image };
}

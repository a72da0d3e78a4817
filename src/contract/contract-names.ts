/** The names that a contract gives, and which of them somebody may have meant. */
import { nearest } from '../text/nearest.js';
import { layoutsOf } from './compiled-blocks.js';
import type { Contract } from './contract.js';

/** Fields of all blocks, as inputs and outputs name them. */
export function fieldNames(contract: Contract): string[] {
  return layoutsOf(contract).flatMap(({ parameter, layout }) =>
    Object.keys(layout?.fields ?? {}).map((name) =>
      parameter.layout === undefined ? name : `${parameter.name}.${name}`,
    ),
  );
}

/** The names nearest to one that is not there, or nothing where there are none. */
export function didYouMean(wanted: string, names: readonly string[]): string {
  return names.length === 0 ? '' : `; ${nearest(wanted, names)}`;
}

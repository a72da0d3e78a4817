/** Which functions of an image contain TDCALL or SEAMCALL, by the bytes alone. */
import type { Image } from '../../image/image.js';
import { wholeOf } from '../../image/symbols.js';
import { symbolAt } from '../../stage/functions.js';
import { wrappedIn } from '../../stage/wrapped-instructions.js';

/** Names of the functions, sorted. A constant with these bytes would be taken for one: this is a hint, not a verdict. */
export function functionsWithWrappedInstruction(image: Image): string[] {
  const names = new Set<string>();
  for (const { address } of wrappedIn(image.segments)) names.add(nameOf(image, address));
  return [...names].sort();
}

/** The function that an address belongs to: what is seldom run of it lies elsewhere. */
function nameOf(image: Image, address: bigint): string {
  const name = symbolAt(image, address)?.symbol.name;
  return name === undefined ? `0x${address.toString(16)}` : (wholeOf(image, name) ?? name);
}

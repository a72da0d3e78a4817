/** A function as the list of its instructions, decoded one behind the other from its first byte. */
import type { Image, ImageSymbol } from '../image/image.js';
import { functionExtent } from '../stage/functions.js';
import { type Operation, operationAt } from '../code/operation.js';

export interface Listing {
  readonly symbol: ImageSymbol;
  readonly address: bigint;
  /** First address behind it. */
  readonly end: bigint;
  /** In ascending order; up to bytes that are no instruction. */
  readonly operations: readonly Operation[];
}

/** Longer functions are not judged: nobody writes stubs of that size. */
const MOST_INSTRUCTIONS = 4000;

export function listingOf(image: Image, symbol: ImageSymbol): Listing {
  const { address, size } = functionExtent(image, symbol);
  const end = address + BigInt(size);
  const operations: Operation[] = [];
  for (let at = address; at < end && operations.length < MOST_INSTRUCTIONS;) {
    const operation = operationAt(image, at);
    if (operation === undefined) break;
    operations.push(operation);
    at = operation.next;
  }
  return { symbol, address, end, operations };
}

/** Images in which code that somebody named by its address has that name. */
import type { Image, ImageSymbol } from '../image/image.js';
import { shareDebugSections } from '../image/line-table.js';
import { addressOfPlace, isPlace, nameOfPlace } from '../image/places.js';
import { segmentAt } from '../image/segments.js';
import { symbolAt } from '../stage/functions.js';
import { reachableEnd } from '../stage/reachable-code.js';
import { functionCode } from './function-code.js';

/** Functions that are named because others call them: no sound target reaches so many. */
const MOST_FUNCTIONS = 1000;
/** The most bytes of a function that are looked through for calls. */
const MOST_CODE = 0x10000n;

/**
 * The image with a function for each name that is a place in it (see places.ts) and no symbol; names that are neither are
 * left alone. What these functions call, and no symbol names, is named by its address too: otherwise it would count as the
 * end of the one before.
 *
 * @throws ImageError for a place that may be in several sections
 */
export function withFunctionsAt(image: Image, names: readonly string[]): Image {
  const added = new Map<bigint, ImageSymbol>();
  const more: ImageSymbol[] = [];
  for (const name of new Set(names)) {
    if (!isPlace(name) || image.symbols.some((symbol) => symbol.name === name)) continue;
    const address = addressOfPlace(image, name);
    if (address === undefined) continue;
    const symbol = functionAt(image, address, name);
    if (added.has(address)) more.push(symbol);
    else added.set(address, symbol);
  }
  if (added.size === 0) return image;
  nameCallees(image, added);
  const named = { ...image, symbols: [...image.symbols, ...added.values(), ...more] };
  shareDebugSections(image, named);
  return named;
}

function functionAt({ segments }: Image, address: bigint, name: string): ImageSymbol {
  const segment = segmentAt(segments, address)?.name ?? '';
  return { name, address, size: 0, kind: 'function', global: true, segment };
}

function nameCallees(image: Image, added: Map<bigint, ImageSymbol>): void {
  const left = [...added.keys()];
  for (let entry = left.pop(); entry !== undefined && added.size < MOST_FUNCTIONS; entry = left.pop())
    for (const target of callsFrom(image, entry)) {
      const isCode = segmentAt(image.segments, target)?.execute === true;
      if (!isCode || added.has(target) || symbolAt(image, target) !== undefined) continue;
      added.set(target, functionAt(image, target, nameOfPlace(image, target)));
      left.push(target);
    }
}

function callsFrom(image: Image, entry: bigint): bigint[] {
  const segment = segmentAt(image.segments, entry);
  if (segment === undefined) return [];
  const behind = segment.address + BigInt(segment.size);
  const limit = entry + MOST_CODE < behind ? entry + MOST_CODE : behind;
  const { instructions } = functionCode(image, entry, Number(reachableEnd(image, entry, limit) - entry));
  return instructions.flatMap(({ flow, target }) => (flow === 'call' && target !== undefined ? [target] : []));
}

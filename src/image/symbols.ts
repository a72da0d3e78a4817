/** Symbols by name and by address. */
import { shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import { ABSOLUTE, ImageError, type Image, type ImageSymbol, type Segment } from './image.js';
import { nearestNames } from '../text/nearest.js';
import { segmentAt } from './segments.js';

/** What is looked up again and again, made once for each image. */
interface SymbolIndex {
  byName: Map<string, ImageSymbol[]>;
  /** Symbols that lie in memory, by address; at one address the better name first. */
  byAddress: ImageSymbol[];
}

const INDEXES = new WeakMap<Image, SymbolIndex>();
const KIND_ORDER = { function: 0, object: 1, untyped: 2 } as const;
/** How far back `symbolAt` looks for a sized symbol around labels. */
const LABELS_BEFORE = 64;

function compare(a: ImageSymbol, b: ImageSymbol): number {
  if (a.address !== b.address) return a.address < b.address ? -1 : 1;
  return (
    KIND_ORDER[a.kind] - KIND_ORDER[b.kind] ||
    Number(b.global) - Number(a.global) ||
    (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
  );
}

function symbolIndex(image: Image): SymbolIndex {
  const known = INDEXES.get(image);
  if (known !== undefined) return known;
  const byName = new Map<string, ImageSymbol[]>();
  for (const symbol of image.symbols) {
    const same = byName.get(symbol.name);
    if (same === undefined) byName.set(symbol.name, [symbol]);
    else same.push(symbol);
  }
  const byAddress = image.symbols.filter((symbol) => symbol.segment !== ABSOLUTE).sort(compare);
  const index = { byName, byAddress };
  INDEXES.set(image, index);
  return index;
}

/** Index of the first symbol whose address is larger. */
function after(list: readonly ImageSymbol[], address: bigint): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle].address <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isCode(image: Image, symbol: ImageSymbol): boolean {
  return (
    symbol.kind !== 'object' &&
    symbol.segment !== ABSOLUTE &&
    segmentAt(image.segments, symbol.address)?.execute === true
  );
}

function absent(image: Image, name: string): never {
  const quoted = `"${shorten(name)}"`;
  if (image.symbols.length === 0)
    throw new ImageError(
      `${image.name}: has no symbols, so ${quoted} cannot be found; give the image before it was stripped`,
    );
  if (image.externals.some((external) => external.name === name))
    throw new ImageError(`${image.name}: ${quoted} is called but not defined here; give the object that defines it`);
  const names = image.symbols.filter((symbol) => isCode(image, symbol)).map((symbol) => symbol.name);
  const near = nearestNames(name, names).map((candidate) => shorten(candidate));
  throw new ImageError(
    `${image.name}: no function ${quoted}; ${near.length > 0 ? `nearest: ${near.join(', ')}` : 'check the name (nm lists them)'}`,
  );
}

/**
 * The function with this name: a symbol in executable memory that is not typed as data. A global one wins over local ones.
 * @throws ImageError with up to three nearest names if there is none; if it is data; if several local ones have the name
 */
export function findFunction(image: Image, name: string): ImageSymbol {
  const same = symbolIndex(image).byName.get(name) ?? [];
  if (same.length === 0) absent(image, name);
  const code = same.filter((symbol) => isCode(image, symbol));
  if (code.length === 0 && same.every((symbol) => segmentAt(image.segments, symbol.address) === undefined))
    throw new ImageError(
      `${image.name}: "${shorten(name)}" at ${hex(same[0].address)} lies outside of every section; the file is damaged: build it again`,
    );
  if (code.length === 0)
    throw new ImageError(`${image.name}: "${shorten(name)}" is data, not code; give the name of a function`);
  const candidates = code.some((symbol) => symbol.global) ? code.filter((symbol) => symbol.global) : code;
  const addresses = [...new Set(candidates.map((symbol) => symbol.address))];
  if (addresses.length > 1)
    throw new ImageError(
      `${image.name}: ${addresses.length} functions are named "${shorten(name)}" (${addresses.slice(0, 3).map(hex).join(', ')}${addresses.length > 3 ? ', ...' : ''}); give the object that holds the one you mean`,
    );
  return [...candidates].sort(compare)[0];
}

function endOf(segment: Segment): bigint {
  return segment.address + BigInt(segment.size);
}

/**
 * Where a function's code lies: its size, or if that is unknown up to the next symbol or the end of its segment.
 * @returns the first address, and the size in bytes, more than 0
 * @throws ImageError if the symbol lies outside of memory, or reaches past the end of its segment
 */
export function functionExtent(image: Image, symbol: ImageSymbol): { address: bigint; size: number } {
  const { address, size } = symbol;
  const segment = segmentAt(image.segments, address);
  if (segment === undefined)
    throw new ImageError(
      `${image.name}: "${shorten(symbol.name)}" at ${hex(address)} is in no segment; give the name of a function`,
    );
  const end = endOf(segment);
  if (size > 0) {
    if (address + BigInt(size) > end)
      throw new ImageError(
        `${image.name}: "${shorten(symbol.name)}" reaches past the end of ${shorten(segment.name)}; correct its .size and build again`,
      );
    return { address, size };
  }
  const { byAddress } = symbolIndex(image);
  const next = byAddress[after(byAddress, address)];
  return { address, size: Number((next !== undefined && next.address < end ? next.address : end) - address) };
}

/**
 * The symbol that an address belongs to, for traces: a sized one that covers it, otherwise the nearest one before it
 * whose size is unknown, in the same segment.
 */
export function symbolAt(image: Image, address: bigint): { symbol: ImageSymbol; offset: number } | undefined {
  const segment = segmentAt(image.segments, address);
  if (segment === undefined) return undefined;
  const { byAddress } = symbolIndex(image);
  let best: ImageSymbol | undefined;
  // A label inside or before a sized symbol that ended does not reach the address; a function around both does.
  let ended = false;
  let position = after(byAddress, address);
  for (let looked = 0; looked < LABELS_BEFORE && position > 0; looked++) {
    const symbol = byAddress[--position];
    if (symbol.address < segment.address) break;
    const covers = address - symbol.address < BigInt(symbol.size);
    // Of several at one address the better name comes first in the list, and so is met last.
    if (best !== undefined && best.size > 0 && symbol.address !== best.address) break;
    if (covers) best = symbol;
    else if (symbol.size > 0) {
      ended = true;
      if (best !== undefined && best.size === 0 && best.address - symbol.address < BigInt(symbol.size))
        best = undefined;
    } else if (!ended && (best === undefined || (best.size === 0 && best.address === symbol.address))) best = symbol;
  }
  return best === undefined ? undefined : { symbol: best, offset: Number(address - best.address) };
}

/** `symbol+0x1c`, for people; undefined if the address belongs to no symbol. */
export function symbolicName(image: Image, address: bigint): string | undefined {
  const found = symbolAt(image, address);
  return found && `${found.symbol.name}+${hex(found.offset)}`;
}

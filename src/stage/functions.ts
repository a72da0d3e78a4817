/**
 * Which function an address belongs to, and where a function ends. One rule for all who name places, so that a place has one
 * name in a campaign and in the case that it leaves:
 *
 * - A symbol with a size is what it says: it covers its bytes. Of several the innermost counts: the last to begin, of those
 *   the smallest, of those the better name.
 * - Elsewhere in code a symbol without a size begins a function if it is typed, or global: NASM and plain `as` give no more
 *   for `global f`. Its code is what control reaches from there up to the next function.
 * - Any other symbol (`foo.loop`, a label of `as`) is a label in the function whose code it lies in. One that lies in no
 *   function's code begins a function too.
 * - What no code reaches (padding, the target of a computed jump) has the name of the function before it.
 */
import { ABSOLUTE, ImageError, type Image, type ImageSymbol, type Segment } from '../image/image.js';
import { segmentAt } from '../image/segments.js';
import { compareSymbols } from '../image/symbols.js';
import { shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import { reachableEnd } from './reachable-code.js';

/** The most bytes that the code of a function without a size may have. */
const MOST_CODE = 0x10000n;

/** Consecutive addresses that have their name from one symbol. */
interface NamedRange {
  symbol: ImageSymbol;
  /** Where the symbol lies; the range may begin behind it. */
  from: bigint;
  /** First address behind the range. */
  to: bigint;
}

/** The names of an image, worked out as they are asked for. */
interface Names {
  /** By address, without overlaps: what symbols with a size cover. */
  sized: readonly NamedRange[];
  /** Symbols without a size that no other covers, the best at each address. */
  unsized: readonly ImageSymbol[];
  /** For each of them, and once more behind the last: index of the next one, itself included, that begins a function whatever lies before it. */
  certain: Int32Array;
  /** Of unsized symbols without a certain one in between, by the index of the first: those that begin a function. */
  starts: Map<number, readonly number[]>;
  extents: Map<ImageSymbol, Extent>;
}

/** First address of a function's code, and its size in bytes. */
interface Extent {
  address: bigint;
  size: number;
}

const NAMES = new WeakMap<Image, Names>();

function namesOf(image: Image): Names {
  let names = NAMES.get(image);
  if (names === undefined) {
    const placed = image.symbols.filter(({ segment }) => segment !== ABSOLUTE);
    const sized = sizedRanges(placed.filter(({ size }) => size > 0));
    const unsized = placed
      .filter(({ size, address }) => size === 0 && rangeAt(sized, address) === undefined)
      .sort(compareSymbols)
      .filter(({ address }, index, all) => index === 0 || all[index - 1].address !== address);
    const certain = new Int32Array(unsized.length + 1).fill(unsized.length);
    for (let index = unsized.length - 1; index >= 0; index--)
      certain[index] = isCertain(image, unsized[index]) ? index : certain[index + 1];
    NAMES.set(image, (names = { sized, unsized, certain, starts: new Map(), extents: new Map() }));
  }
  return names;
}

/** Whether a symbol without a size begins a function whatever lies before it. Of data every symbol counts. */
function isCertain({ segments }: Image, { kind, global, address }: ImageSymbol): boolean {
  return kind !== 'untyped' || global || segmentAt(segments, address)?.execute !== true;
}

/** Flattens what overlaps: whoever begins later covers those that began before, for as long as it lasts. */
function sizedRanges(symbols: ImageSymbol[]): NamedRange[] {
  const ranges: NamedRange[] = [];
  const open: { symbol: ImageSymbol; end: bigint }[] = [];
  let at = 0n;
  const nameUpTo = (limit: bigint): void => {
    for (let top = open.at(-1); top !== undefined && at < limit; top = open.at(-1)) {
      if (top.end > at) {
        const to = top.end < limit ? top.end : limit;
        ranges.push({ symbol: top.symbol, from: at, to });
        at = to;
      }
      if (top.end <= at) open.pop();
    }
    at = limit;
  };
  // The best at one address comes last, and so lies on top.
  const ordered = symbols.sort((a, b) => compareAddresses(a, b) || b.size - a.size || compareSymbols(b, a));
  for (const symbol of ordered) {
    nameUpTo(symbol.address);
    open.push({ symbol, end: symbol.address + BigInt(symbol.size) });
  }
  nameUpTo(1n << 65n);
  return ranges;
}

function compareAddresses(a: ImageSymbol, b: ImageSymbol): number {
  return a.address < b.address ? -1 : a.address > b.address ? 1 : 0;
}

/** Index of the first element that begins behind an address. */
function indexBehind<T>(list: readonly T[], address: bigint, startOf: (element: T) => bigint): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (startOf(list[middle]) <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}

const fromOf = ({ from }: NamedRange): bigint => from;
const addressOf = ({ address }: ImageSymbol): bigint => address;

function rangeAt(ranges: readonly NamedRange[], address: bigint): NamedRange | undefined {
  const range = ranges[indexBehind(ranges, address, fromOf) - 1];
  return range !== undefined && address < range.to ? range : undefined;
}

function endOf({ address, size }: Segment): bigint {
  return address + BigInt(size);
}

/** The range that has its name from a symbol, and that an address lies in; undefined where no symbol names it. */
function rangeAround(image: Image, address: bigint): NamedRange | undefined {
  const segment = segmentAt(image.segments, address);
  if (segment === undefined) return undefined;
  const { sized, unsized } = namesOf(image);
  const behind = indexBehind(sized, address, fromOf);
  const before = sized[behind - 1];
  if (before !== undefined && address < before.to) return before;
  // What lies between two symbols with a size, or between one and the end of the segment.
  const low = before !== undefined && before.to > segment.address ? before.to : segment.address;
  const high = behind < sized.length && sized[behind].from < endOf(segment) ? sized[behind].from : endOf(segment);
  const first = indexBehind(unsized, low - 1n, addressOf);
  const starts = startsFrom(image, first, high);
  const next = indexBehind(starts, address, (index) => unsized[index].address);
  if (next === 0) return undefined;
  const symbol = unsized[starts[next - 1]];
  return { symbol, from: symbol.address, to: next < starts.length ? unsized[starts[next]].address : high };
}

/** Of the unsized symbols from one up to an address those that begin a function: the certain ones, and what lies in no function's code. */
function startsFrom(image: Image, first: number, high: bigint): readonly number[] {
  const { unsized, certain, starts } = namesOf(image);
  const known = starts.get(first);
  if (known !== undefined) return known;
  const found: number[] = [];
  let end = 0n;
  for (let index = first; index < unsized.length && unsized[index].address < high; index++) {
    if (certain[index] !== index && unsized[index].address < end) continue;
    found.push(index);
    // Where a function ends is asked only if a label follows.
    if (certain[index + 1] === index + 1) continue;
    const { address, size } = functionExtent(image, unsized[index]);
    end = address + BigInt(size);
  }
  // Where there is none, the first one lies behind what was asked about.
  if (found.length > 0) starts.set(first, found);
  return found;
}

/**
 * Where a function's code lies: its size, more than 0, or if that is unknown as far as control goes from its entry.
 *
 * @throws ImageError if the symbol lies outside of memory, or reaches past the end of its segment
 */
export function functionExtent(image: Image, symbol: ImageSymbol): Extent {
  const { address, size } = symbol;
  const segment = segmentAt(image.segments, address);
  if (segment === undefined)
    throw new ImageError(
      `${image.name}: "${shorten(symbol.name)}" at ${hex(address)} is in no segment; give the name of a function`,
    );
  if (size > 0) {
    if (address + BigInt(size) > endOf(segment))
      throw new ImageError(
        `${image.name}: "${shorten(symbol.name)}" reaches past the end of ${shorten(segment.name)}; correct its .size and build again`,
      );
    return { address, size };
  }
  const { extents } = namesOf(image);
  let extent = extents.get(symbol);
  if (extent === undefined) {
    const limit = limitOf(image, symbol, segment);
    const end = segment.execute ? reachableEnd(image, address, limit) : limit;
    extents.set(symbol, (extent = { address, size: Number(end - address) }));
  }
  return extent;
}

/** Where at the latest a function without a size ends: where the next one begins. */
function limitOf(image: Image, { address }: ImageSymbol, segment: Segment): bigint {
  const { sized, unsized, certain } = namesOf(image);
  const around = rangeAt(sized, address);
  return [
    segment.execute ? address + MOST_CODE : undefined,
    around === undefined ? sized[indexBehind(sized, address, fromOf)]?.from : around.to,
    unsized[certain[indexBehind(unsized, address, addressOf)]]?.address,
  ].reduce<bigint>((least, limit) => (limit !== undefined && limit < least ? limit : least), endOf(segment));
}

/** Whether a symbol is a function, and no label in one. */
export function isFunction(image: Image, symbol: ImageSymbol): boolean {
  const { kind, global, address, segment } = symbol;
  if (kind !== 'untyped') return kind === 'function';
  if (segment === ABSOLUTE || segmentAt(image.segments, address)?.execute !== true) return false;
  return global || rangeAround(image, address)?.symbol.address === address;
}

/** The symbol that names an address, for traces and places, and how far behind it the address lies. */
export function symbolAt(image: Image, address: bigint): { symbol: ImageSymbol; offset: number } | undefined {
  const range = rangeAround(image, address);
  return range && { symbol: range.symbol, offset: Number(address - range.symbol.address) };
}

/** Bytes from the symbol that names an address to where its name ends. */
export function namedBytes(image: Image, address: bigint): number {
  const range = rangeAround(image, address);
  if (range === undefined) return 0;
  return range.symbol.size > 0 ? range.symbol.size : Number(range.to - range.symbol.address);
}

/** `symbol+0x1c`, for people; undefined if the address belongs to no symbol. */
export function symbolicName(image: Image, address: bigint): string | undefined {
  const found = symbolAt(image, address);
  return found && `${found.symbol.name}+${hex(found.offset)}`;
}

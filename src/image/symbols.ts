/** Symbols by name. Which of them names an address is in src/harness/functions.ts. */
import { shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import { ABSOLUTE, ImageError, type Image, type ImageSymbol } from './image.js';
import { nearestNames } from '../text/nearest.js';
import { segmentAt } from './segments.js';

const INDEXES = new WeakMap<Image, ReadonlyMap<string, readonly ImageSymbol[]>>();
const KIND_ORDER = { function: 0, object: 1, untyped: 2 } as const;

/** By address; at one address the better name first. */
export function compareSymbols(a: ImageSymbol, b: ImageSymbol): number {
  if (a.address !== b.address) return a.address < b.address ? -1 : 1;
  return (
    KIND_ORDER[a.kind] - KIND_ORDER[b.kind] ||
    Number(b.global) - Number(a.global) ||
    (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
  );
}

function symbolsByName(image: Image): ReadonlyMap<string, readonly ImageSymbol[]> {
  const known = INDEXES.get(image);
  if (known !== undefined) return known;
  const byName = new Map<string, ImageSymbol[]>();
  for (const symbol of image.symbols) {
    const same = byName.get(symbol.name);
    if (same === undefined) byName.set(symbol.name, [symbol]);
    else same.push(symbol);
  }
  INDEXES.set(image, byName);
  return byName;
}

function isCode(image: Image, symbol: ImageSymbol): boolean {
  return (
    symbol.kind !== 'object' &&
    symbol.segment !== ABSOLUTE &&
    segmentAt(image.segments, symbol.address)?.execute === true
  );
}

/** GCC's name for the part of a function that is seldom run, and Clang's; it lies elsewhere, and is jumped to. */
const COLD_PART = /\.cold(\.\d+)?$/;

/** The function that this name is the cold part of; undefined for a function, and where the image has no such function. */
export function wholeOf(image: Image, name: string): string | undefined {
  const whole = name.replace(COLD_PART, '');
  return whole !== name && symbolsByName(image).has(whole) ? whole : undefined;
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
  const same = symbolsByName(image).get(name) ?? [];
  if (same.length === 0) absent(image, name);
  const code = same.filter((symbol) => isCode(image, symbol));
  if (code.length === 0 && same.every((symbol) => segmentAt(image.segments, symbol.address) === undefined))
    throw new ImageError(
      `${image.name}: "${shorten(name)}" at ${hex(same[0].address)} lies outside of every section; the file is damaged: build it again`,
    );
  if (code.length === 0)
    throw new ImageError(`${image.name}: "${shorten(name)}" is data, not code; give the name of a function`);
  const whole = wholeOf(image, name);
  if (whole !== undefined && code.every(({ global }) => !global))
    throw new ImageError(
      `${image.name}: "${shorten(name)}" is the part of ${shorten(whole)} that is seldom run, and no function; give ${shorten(whole)}`,
    );
  if (code.some(({ indirect }) => indirect))
    throw new ImageError(
      `${image.name}: "${shorten(name)}" is an IFUNC resolver: it chooses the function when a program starts; name the function that it chooses`,
    );
  const candidates = code.some((symbol) => symbol.global) ? code.filter((symbol) => symbol.global) : code;
  const addresses = [...new Set(candidates.map((symbol) => symbol.address))];
  if (addresses.length > 1)
    throw new ImageError(
      `${image.name}: ${addresses.length} functions are named "${shorten(name)}" (${addresses.slice(0, 3).map(hex).join(', ')}${addresses.length > 3 ? ', ...' : ''}); give the object that holds the one you mean`,
    );
  return [...candidates].sort(compareSymbols)[0];
}

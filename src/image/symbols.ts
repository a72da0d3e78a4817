/** Symbols by name. Which of them names an address is in src/harness/functions.ts. */
import { demangle, isMangled, isMeantBy, readable } from '../text/demangle.js';
import { shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import { ABSOLUTE, ImageError, type Image, type ImageSymbol } from './image.js';
import type { ReadableName } from '../text/name-reader.js';
import { nearestNames } from '../text/nearest.js';
import { isPlace, noSuchPlace } from './places.js';
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

/** Symbols of this name, in the image's order: a kernel has a hundred thousand. */
export function symbolsNamed(image: Image, name: string): readonly ImageSymbol[] {
  return symbolsByName(image).get(name) ?? [];
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
  if (isPlace(name)) throw new ImageError(`${image.name}: ${noSuchPlace(image, name)}`);
  const quoted = `"${shorten(name)}"`;
  if (image.symbols.length === 0)
    throw new ImageError(
      `${image.name}: has no symbols, so ${quoted} cannot be found; ${adviceWithoutSymbols(image)}, or the address of the function, such as 0x1230`,
    );
  if (image.externals.some((external) => external.name === name))
    throw new ImageError(`${image.name}: ${quoted} is called but not defined here; give the object that defines it`);
  const near = nearestNames(name, hints(image)).map((candidate) => shorten(candidate));
  throw new ImageError(
    `${image.name}: no function ${quoted}; ${near.length > 0 ? `nearest: ${near.join(', ')}` : 'check the name (nm lists them)'}`,
  );
}

/** Names that are demangled for a hint. */
const MOST_HINTS = 5000;

/** What somebody may have meant to write: symbols, and what mangled ones read as, whole and by their last part. */
function hints(image: Image): string[] {
  const names = image.symbols.filter((symbol) => isCode(image, symbol)).map((symbol) => symbol.name);
  const read = names.filter(isMangled).slice(0, MOST_HINTS).map(demangle);
  return [...names, ...read.flatMap((name) => (name === undefined ? [] : [name.display, ...lastParts(name)]))];
}

function lastParts({ paths }: ReadableName): string[] {
  return paths.flatMap((path) => path.slice(-1));
}

/**
 * The symbol of the function that somebody means: the one of this name, otherwise the only one whose demangled name is this,
 * or ends with these parts (`asm_td_call`, `td_shim::asm_td_call`).
 *
 * @returns the name as it was given if there is none
 * @throws ImageError with the candidates if there are several
 */
export function meantSymbol(image: Image, name: string): string {
  if (name === '' || symbolsByName(image).has(name)) return name;
  const last = name.slice(name.lastIndexOf('::') + 1).replace(/^:/, '');
  // Plain names stand in a mangled one as they are.
  const isPlain = /^\w+$/.test(last);
  const found = new Map<bigint, ImageSymbol>();
  for (const symbol of image.symbols) {
    if (!isMangled(symbol.name) || (isPlain && !symbol.name.includes(last)) || !isCode(image, symbol)) continue;
    const read = demangle(symbol.name);
    if (read === undefined || !isMeantBy(read, name)) continue;
    const known = found.get(symbol.address);
    if (known === undefined || compareSymbols(symbol, known) < 0) found.set(symbol.address, symbol);
  }
  const candidates = [...found.values()].sort(compareSymbols);
  if (candidates.length <= 1) return candidates[0]?.name ?? name;
  const shown = candidates.slice(0, 4).map((symbol) => `${shorten(readable(symbol.name))} (${shorten(symbol.name)})`);
  const more = candidates.length > shown.length ? `, and ${candidates.length - shown.length} more` : '';
  throw new ImageError(
    `${image.name}: "${shorten(name)}" may be ${shown.join(', ')}${more}; give more of the path, or the symbol itself`,
  );
}

/**
 * The function with this name: a symbol in executable memory that is not typed as data. A global one wins over local ones.
 * @throws ImageError with up to three nearest names if there is none; if it is data; if several local ones have the name
 */
export function findFunction(image: Image, name: string): ImageSymbol {
  const same = symbolsNamed(image, name);
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

/** Where the names of an image without symbols can come from. */
export function adviceWithoutSymbols({ format }: Image): string {
  const before = 'give the image before it was stripped';
  if (format === 'pe-executable')
    return `${before}, or put its link map (FOO.map) or the output of nm (FOO.nm) beside it`;
  return format === 'elf-executable'
    ? `${before}, or put the output of nm (FOO.nm), or of a kernel its System.map, beside it`
    : before;
}

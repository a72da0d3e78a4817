/** Names for an image that was stripped, from a listing of its build: the output of nm or a link map. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { shorten } from '../text/escape.js';
import { fail } from './elf-file.js';
import type { Image, ImageSymbol } from './image.js';
import { type ListedSymbol, type Listing, readListing } from './listing-formats.js';
import { segmentAt } from './segments.js';

/** Bytes: ten times what the largest firmware modules have. A larger file is taken for something else. */
const SIZE_LIMIT = 2 ** 26;
const ENDINGS = ['.map', '.nm', '.sym'];

/**
 * The image with the names of the listing that lies beside it: foo.map, foo.nm or foo.sym for foo.efi, or with its whole name
 * in front (foo.efi.map). An image that has names of its own keeps to them; a file that is no listing is none.
 * @param path of the image
 * @throws ImageError for a listing that is of another image
 */
export function withListingBeside(image: Image, path: string): Image {
  const isLinked = image.format === 'pe-executable' || image.format === 'elf-executable';
  if (!isLinked || hasOwnNames(image)) return image;
  const stem = path.replace(/\.[^./\\]*$/, '');
  const candidates = ENDINGS.flatMap((ending) => [`${path}${ending}`, `${stem}${ending}`]);
  for (const candidate of [...candidates, ...systemMapsFor(path)]) {
    const text = textOf(candidate);
    const listing = text === undefined ? undefined : readListing(text);
    if (listing !== undefined) return withListing(image, asOfKernel(listing), candidate);
  }
  return image;
}

/** A symbol that every kernel has, and nothing else. */
const OF_KERNEL = '__start___ex_table';

/** A kernel's names of code are functions: it has a hundred thousand, and its assembly does without labels that are listed. */
function asOfKernel(listing: Listing): Listing {
  if (!listing.symbols.some(({ name }) => name === OF_KERNEL)) return listing;
  return { ...listing, symbols: listing.symbols.map((symbol) => ({ kind: 'function' as const, ...symbol })) };
}

/** What a kernel's build leaves, and distributions install: `System.map-6.12` for `vmlinuz-6.12`, `System.map` for others. */
function systemMapsFor(path: string): string[] {
  const name = basename(path);
  const version = /^(?:vmlinux|vmlinuz|bzImage|kernel)-(.+)$/.exec(name)?.[1];
  const maps = version === undefined ? [] : [`System.map-${version}`];
  return /^(vmlinu|bzImage|kernel)/.test(name) ? [...maps, 'System.map'].map((map) => join(dirname(path), map)) : [];
}

/** Exports are no names of functions within: a symbol table has local symbols, or some without a kind. */
function hasOwnNames({ symbols }: Image): boolean {
  return symbols.some(({ global, kind }) => !global || kind === 'untyped');
}

function textOf(path: string): string | undefined {
  try {
    const usable = existsSync(path) && statSync(path).isFile() && statSync(path).size <= SIZE_LIMIT;
    return usable ? readFileSync(path, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The image with the names of a listing, besides its own. Addresses may be those that it was linked for, or count from its
 * base: whatever puts most of the names into its code.
 * @param name of the listing, for messages
 * @throws ImageError if none of the names lies in code
 */
export function withListing(image: Image, listing: Listing, name: string): Image {
  const { symbols, base } = listing;
  const { moved = 0n, base: start = moved } = image;
  const distances = new Set(base === undefined ? [moved, start] : [start - base, moved]);
  const [best] = [...distances]
    .map((distance) => ({ distance, hits: symbols.filter((symbol) => isCode(image, symbol, distance)).length }))
    .sort((a, b) => b.hits - a.hits);
  if (best.hits === 0)
    fail(
      { name: shorten(name, 256) },
      `none of its ${symbols.length} symbols lies in the code of ${image.name}; give the listing of the same build, or take it away`,
    );
  const known = new Set(image.symbols.map((symbol) => `${symbol.name}@${symbol.address}`));
  const added = symbols
    .map((symbol) => listed(image, symbol, best.distance))
    .filter((symbol): symbol is ImageSymbol => symbol !== undefined && !known.has(`${symbol.name}@${symbol.address}`));
  return { ...image, symbols: [...image.symbols, ...added] };
}

function isCode({ segments }: Image, { address }: ListedSymbol, distance: bigint): boolean {
  return segmentAt(segments, address + distance)?.execute === true;
}

function listed({ segments }: Image, symbol: ListedSymbol, distance: bigint): ImageSymbol | undefined {
  const address = BigInt.asUintN(64, symbol.address + distance);
  const segment = segmentAt(segments, address);
  if (segment === undefined) return undefined;
  const fits = address + BigInt(symbol.size) <= segment.address + BigInt(segment.size);
  const { name, size, local, kind = 'untyped' } = symbol;
  return { name, address, size: fits ? size : 0, kind, global: !local, segment: segment.name };
}

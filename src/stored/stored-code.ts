/** The part of a case file that is machine code: pages of an image after relocation, with the names in them. */
import { isFunction, namedBytes, symbolAt } from '../stage/functions.js';
import type { External, Image, ImageSymbol } from '../image/image.js';
import { symbolsNamed } from '../image/symbols.js';
import { hex } from '../text/hex.js';
import { type CaseFile, MAX_BAD_PLACES, MAX_CODE, MAX_PAGES, MAX_SYMBOLS } from './case-schema.js';
import type { Touched } from './touched.js';

export const PAGE = 0x1000n;

/** The function that a case is about. */
interface CaseFunction {
  symbol: string;
  entry: bigint;
  /** Bytes of its code. */
  size: number;
  /** Symbols of data that its contract names. */
  data?: readonly string[];
  /** And of data that the world fills in by its name. */
  laidData?: readonly string[];
  /** Pages of code that the image lets be written stay so. */
  writableCode?: boolean;
}

/**
 * @param target its first MAX_CODE bytes are stored, whether touched or not
 * @param touched what all runs of the case touched
 */
export function storedCode(image: Image, target: CaseFunction, touched: Touched): CaseFile['code'] {
  const { symbol, entry, data, laidData, writableCode = false } = target;
  const size = Math.min(target.size, MAX_CODE);
  const names = new Names(image, symbol, entry, touched, data, laidData);
  const all = neededPages(image, entry, size, touched, names.needed);
  const pages = all.slice(0, MAX_PAGES).sort((a, b) => (a < b ? -1 : 1));
  const fixups = usedFixups(image, entry, size, touched);
  const badPlaces = storedBadPlaces(image, pages);
  return {
    entry: hex(entry),
    size,
    pages: pages.map((page) => storedPage(image, page, writableCode)),
    symbols: names
      .within(pages)
      .map(({ name, address, bytes }) => ({ name, address: hex(address), size: Math.min(bytes, MOST_BYTES) })),
    externals: usedExternals(image, touched).map(({ name, address }) => ({ name, address: hex(address) })),
    ...(image.gsBase !== undefined && { gsBase: hex(image.gsBase) }),
    ...(fixups.length > 0 && {
      fixups: fixups.map(({ from, to, type }) => ({ from: hex(from), to: hex(to), type })),
    }),
    ...(badPlaces.length > 0 && { badPlaces }),
    ...(all.length > pages.length && { missing: all.length - pages.length }),
  };
}

/** What the schema of cases has room for. */
const MOST_BYTES = 0x40000000;

interface StoredName {
  name: string;
  address: bigint;
  /** Bytes that the name is for; 0: none, since another symbol names them. */
  bytes: number;
}

/**
 * The symbols of a case: with these alone every address that its runs executed has the name that it has in the image. A size
 * is stored with every symbol that names bytes, so that nothing depends on what lies around it.
 */
class Names {
  /** Those that the case cannot do without, the target's function first. */
  readonly needed: StoredName[] = [];
  private readonly addresses = new Map<string, bigint>();

  constructor(
    private readonly image: Image,
    symbol: string,
    entry: bigint,
    { addresses }: Touched,
    data: readonly string[] = [],
    laidData: readonly string[] = [],
  ) {
    const target = image.symbols.find(({ name, address }) => name === symbol && address === entry);
    if (target !== undefined) this.need(target);
    // A function that is called by its name, or that ends a run by it, need not be the symbol that names its code.
    for (const one of image.symbols) if (addresses.has(one.address) && isFunction(image, one)) this.need(one);
    for (const one of image.symbols) if (data.includes(one.name) && !isFunction(image, one)) this.need(one);
    // Of several names at one address the world knows this one.
    for (const name of laidData) for (const one of symbolsNamed(image, name).slice(0, 1)) this.need(one);
    for (const address of addresses) {
      const naming = symbolAt(image, address);
      if (naming !== undefined) this.need(naming.symbol);
    }
  }

  private need(symbol: ImageSymbol): void {
    const stored = this.stored(symbol);
    if (stored !== undefined) this.needed.push(stored);
  }

  /** Undefined for a symbol that is there already, whose name another has, or that lies outside. */
  private stored({ name, address }: ImageSymbol): StoredName | undefined {
    if (this.addresses.has(name) || !isInImage(this.image, address - (address % PAGE))) return undefined;
    this.addresses.set(name, address);
    const isNaming = symbolAt(this.image, address)?.symbol.name === name;
    return { name, address, bytes: isNaming ? namedBytes(this.image, address) : 0 };
  }

  /** Those that are needed, and as many others as there is room for. */
  within(pages: readonly bigint[]): StoredName[] {
    const there = new Set(pages);
    const isThere = ({ address }: { address: bigint }): boolean => there.has(address - (address % PAGE));
    const names = this.needed.filter(isThere);
    for (const symbol of this.image.symbols) {
      if (names.length >= MAX_SYMBOLS) break;
      if (!isThere(symbol) || symbolAt(this.image, symbol.address)?.symbol !== symbol) continue;
      const stored = this.stored(symbol);
      if (stored !== undefined) names.push(stored);
    }
    return names.slice(0, MAX_SYMBOLS);
  }
}

/** The function's own pages first, then those that the runs touched and those that hold the symbols: all that lie in the image. */
function neededPages(
  image: Image,
  entry: bigint,
  size: number,
  touched: Touched,
  names: readonly StoredName[],
): bigint[] {
  const pages = new Set<bigint>();
  const pageOf = (address: bigint): bigint => address - (address % PAGE);
  for (let page = pageOf(entry); page < entry + BigInt(size); page += PAGE) pages.add(page);
  for (const page of touched.pages) if (isInImage(image, page)) pages.add(page);
  for (const { address } of names) pages.add(pageOf(address));
  return [...pages];
}

/** Entries of the fixup table for instructions of the function, and for those that any run executed. */
function usedFixups({ fixups }: Image, entry: bigint, size: number, { addresses }: Touched): Image['fixups'] {
  const end = entry + BigInt(size);
  return fixups.filter(({ from }) => addresses.has(from) || (from >= entry && from < end)).slice(0, MAX_CODE);
}

/** Those that have bytes of the pages. Of too many the first: pages of the function itself come first by far. */
function storedBadPlaces(
  { badPlaces = [] }: Image,
  pages: readonly bigint[],
): { address: string; size: number; reason: string }[] {
  if (badPlaces.length === 0) return [];
  const has = (address: bigint, size: number): boolean =>
    pages.some((page) => address < page + PAGE && page < address + BigInt(size));
  return badPlaces
    .filter(({ address, size }) => has(address, size))
    .slice(0, MAX_BAD_PLACES)
    .map(({ address, size, reason }) => ({ address: hex(address), size, reason }));
}

/** All externals, as a page of thunks is laid out; of too many those that the runs came to. */
function usedExternals({ externals }: Image, { addresses }: Touched): External[] {
  if (externals.length <= MAX_SYMBOLS) return externals;
  return externals.filter(({ address }) => addresses.has(address)).slice(0, MAX_SYMBOLS);
}

/** Whether a page has anything of the image in it. */
export function isInImage(image: Image, page: bigint): boolean {
  return image.segments.some(({ address, size }) => page + PAGE > address && page < address + BigInt(size));
}

/** What the machine holds there: the parts of the image that share the page, and a page of code is writable only if the contract says so. */
function storedPage(image: Image, page: bigint, writableCode: boolean): CaseFile['code']['pages'][number] {
  const bytes = Buffer.alloc(Number(PAGE));
  let read = false;
  let write = false;
  let execute = false;
  for (const segment of image.segments) {
    if (page + PAGE <= segment.address || page >= segment.address + BigInt(segment.size)) continue;
    read ||= segment.read;
    write ||= segment.write;
    execute ||= segment.execute;
    const offset = Number(page - segment.address);
    const from = segment.bytes.subarray(Math.max(0, offset), Math.max(0, offset + Number(PAGE)));
    bytes.set(from, Math.max(0, -offset));
  }
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  const permissions = `${read ? 'r' : '-'}${write && (!execute || writableCode) ? 'w' : '-'}${execute ? 'x' : '-'}`;
  return { address: hex(page), permissions, base64: bytes.subarray(0, end).toString('base64') };
}

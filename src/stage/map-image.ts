/** Puts an image into the machine's memory, page by page: parts of an image may share a page. */
import { ImageError, type Image, type Segment } from '../image/image.js';
import { shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import type { Machine } from '../x86/machine.js';

const PAGE = 0x1000n;
/** First address behind the lower half and first of the upper half of 48-bit canonical addresses (Intel SDM volume 1, 3.3.7.1). */
const LOWER_END = 1n << 47n;
const UPPER_START = (1n << 64n) - LOWER_END;

/** An image of more bytes is mapped page by page, as it is touched: a kernel has some 15,000 pages, and a run needs a few dozen. */
const MAPPED_AT_ONCE = 4 << 20;

interface Page {
  read: boolean;
  write: boolean;
  execute: boolean;
}

/** Consecutive pages with the same permissions. */
interface PageRun extends Page {
  start: bigint;
  count: number;
}

/** The pages of an image. */
interface PageMap {
  runs: readonly PageRun[];
  /** See `mapImage`. */
  readOnlyCode: ReadonlySet<number>;
}

/** Worked out once an image: many machines may map it. */
const MAPS = new WeakMap<Image, PageMap>();

/**
 * Maps every page that a segment touches; those of a large image when they are touched. A page of code is never writable in
 * the machine: where the image asks for both (a kernel's .init segment, a firmware's only one), it stays executable.
 *
 * @param patches within one segment each
 * @returns low halves of the page numbers that lost their write permission so, as `(address >> 12) & 0xffffffff`
 * @throws ImageError for a segment that no x86-64 machine could map
 */
export function mapImage(machine: Machine, image: Image, patches: readonly Patch[] = []): ReadonlySet<number> {
  const { runs, readOnlyCode } = pagesOf(image);
  const bytes = runs.reduce((sum, { count }) => sum + count * Number(PAGE), 0);
  const contentsOf = (start: bigint, count: number): Uint8Array =>
    patched(contents(image, start, count), start, patches);
  for (const { start, count, read, write, execute } of runs) {
    const permissions = { read, write: write && !execute, execute };
    if (bytes > MAPPED_AT_ONCE)
      machine.mapLater(start, count, permissions, (page, target) => target.set(contentsOf(page, 1)));
    else machine.map(start, count * Number(PAGE), permissions, contentsOf(start, count));
  }
  return readOnlyCode;
}

function pagesOf(image: Image): PageMap {
  let map = MAPS.get(image);
  if (map === undefined) MAPS.set(image, (map = listPages(image)));
  return map;
}

function listPages(image: Image): PageMap {
  const pages = new Map<bigint, Page>();
  for (const segment of image.segments) addPages(pages, segment, image);
  const readOnlyCode = new Set<number>();
  const runs: PageRun[] = [];
  for (const number of [...pages.keys()].sort((a, b) => (a < b ? -1 : 1))) {
    const page = pages.get(number) as Page;
    if (page.write && page.execute) readOnlyCode.add(Number(BigInt.asUintN(32, number)));
    const last = runs.at(-1);
    if (last !== undefined && number * PAGE === last.start + BigInt(last.count) * PAGE && same(page, last))
      last.count++;
    else runs.push({ ...page, start: number * PAGE, count: 1 });
  }
  return { runs, readOnlyCode };
}

function same(a: Page, b: Page): boolean {
  return a.read === b.read && a.write === b.write && a.execute === b.execute;
}

function addPages(pages: Map<bigint, Page>, segment: Segment, image: Image): void {
  const { address, size, read, write, execute } = segment;
  if (size === 0) return;
  const end = address + BigInt(size);
  if (!(end <= LOWER_END || (address >= UPPER_START && end <= 1n << 64n)))
    throw new ImageError(
      `${image.name}: ${shorten(segment.name)} lies at ${hex(address)}, which is no canonical 48-bit address; link it elsewhere`,
    );
  for (let number = address / PAGE; number * PAGE < end; number++) {
    const page = pages.get(number);
    if (page === undefined) pages.set(number, { read, write, execute });
    else {
      page.read ||= read;
      page.write ||= write;
      page.execute ||= execute;
    }
  }
}

/** Code that stands in memory instead of the image's. */
interface Patch {
  readonly address: bigint;
  readonly bytes: Uint8Array;
}

function patched(all: Uint8Array, start: bigint, patches: readonly Patch[]): Uint8Array {
  for (const { address, bytes } of patches) {
    const offset = address - start;
    if (offset >= BigInt(all.length) || offset + BigInt(bytes.length) <= 0n) continue;
    const at = Number(offset);
    all.set(bytes.subarray(Math.max(0, -at), all.length - at), Math.max(0, at));
  }
  return all;
}

/** The bytes of `count` pages; what no segment holds is zero. */
function contents({ segments }: Image, start: bigint, count: number): Uint8Array {
  const size = count * Number(PAGE);
  const all = new Uint8Array(size);
  for (let index = firstEndingBehind(segments, start); index < segments.length; index++) {
    const { address, bytes } = segments[index];
    const offset = address - start;
    if (offset >= BigInt(size)) break;
    if (offset + BigInt(bytes.length) <= 0n) continue;
    const at = Number(offset);
    all.set(bytes.subarray(Math.max(0, -at), size - at), Math.max(0, at));
  }
  return all;
}

/** Index of the first segment that ends behind an address. */
function firstEndingBehind(segments: readonly Segment[], address: bigint): number {
  let [low, high] = [0, segments.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (segments[middle].address + BigInt(segments[middle].size) <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}

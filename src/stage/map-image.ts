/** Puts an image into the machine's memory, page by page: parts of an image may share a page. */
import { ImageError, type Image, type Segment } from '../image/image.js';
import { shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import type { Machine } from '../x86/machine.js';

const PAGE = 0x1000n;
/** First address behind the lower half and first of the upper half of 48-bit canonical addresses (Intel SDM volume 1, 3.3.7.1). */
const LOWER_END = 1n << 47n;
const UPPER_START = (1n << 64n) - LOWER_END;

/** Pages that are mapped at once: 4 MiB. */
const MOST_PAGES = 1024;

interface Page {
  read: boolean;
  write: boolean;
  execute: boolean;
}

/**
 * Maps every page that a segment touches. A page of code is never writable in the machine: where the image asks for
 * both (a kernel's .init segment, a firmware's only one), it stays executable.
 *
 * @param patches within one segment each
 * @returns low halves of the page numbers that lost their write permission so, as `(address >> 12) & 0xffffffff`
 * @throws ImageError for a segment that no x86-64 machine could map
 */
export function mapImage(machine: Machine, image: Image, patches: readonly Patch[] = []): ReadonlySet<number> {
  const pages = new Map<bigint, Page>();
  for (const segment of image.segments) addPages(pages, segment, image);
  const readOnlyCode = new Set<number>();
  // Runs of pages with the same permissions are mapped at once: a kernel has some 15,000 pages, of which no second copy is made.
  let start = 0n;
  let length = 0;
  let last: Page | undefined;
  const flush = (): void => {
    if (last !== undefined)
      machine.map(
        start,
        length * Number(PAGE),
        { ...last, write: last.write && !last.execute },
        patched(contents(image, start, length), start, patches),
      );
    length = 0;
  };
  for (const number of [...pages.keys()].sort((a, b) => (a < b ? -1 : 1))) {
    const page = pages.get(number) as Page;
    if (page.write && page.execute) readOnlyCode.add(Number(BigInt.asUintN(32, number)));
    const follows =
      last !== undefined && length < MOST_PAGES && number * PAGE === start + BigInt(length) * PAGE && same(page, last);
    if (!follows) {
      flush();
      start = number * PAGE;
      last = page;
    }
    length++;
  }
  flush();
  return readOnlyCode;
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
    const at = address - start;
    if (at >= 0n && at < BigInt(all.length)) all.set(bytes.subarray(0, all.length - Number(at)), Number(at));
  }
  return all;
}

/** The bytes of `count` pages; what no segment holds is zero. */
function contents(image: Image, start: bigint, count: number): Uint8Array {
  const size = count * Number(PAGE);
  const all = new Uint8Array(size);
  for (const { address, bytes } of image.segments) {
    const offset = address - start;
    if (offset >= BigInt(size) || offset + BigInt(bytes.length) <= 0n) continue;
    const at = Number(offset);
    all.set(bytes.subarray(Math.max(0, -at), size - at), Math.max(0, at));
  }
  return all;
}

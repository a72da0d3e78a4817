/** Pages that are mapped when they are first touched: of an image of some 100 MB a run needs a few dozen. */
import { PAGE_SIZE } from './layout.js';

/** Fills a page that is all zero. @param page its address, 64 bits unsigned */
export type PageContents = (page: bigint, target: Uint8Array) => void;

/** Consecutive pages, by number: addresses without their twelve lowest bits. */
export interface PageRange {
  readonly from: bigint;
  /** The first page behind them. */
  readonly to: bigint;
}

interface LaterRange {
  readonly from: number;
  readonly to: number;
  /** PERMISSION bits. */
  readonly bits: number;
  readonly contents: PageContents;
}

export class LaterPages {
  /** Ascending; page numbers of 48-bit canonical addresses are exact as numbers. */
  private readonly ranges: LaterRange[] = [];
  /** Pages of all ranges. */
  count = 0;

  /** @throws Error for a range that overlaps another */
  add(address: bigint, pages: number, bits: number, contents: PageContents): void {
    const from = Number(BigInt.asUintN(64, address) / BigInt(PAGE_SIZE));
    const to = from + pages;
    const at = this.behind(from);
    if ((this.ranges[at - 1]?.to ?? 0) > from || (this.ranges[at]?.from ?? Infinity) < to)
      throw new Error(`cannot map 0x${address.toString(16)}: a page is mapped already`);
    this.ranges.splice(at, 0, { from, to, bits, contents });
    this.count += pages;
  }

  /** Of an address. */
  find(low: number, high: number): LaterRange | undefined {
    const page = pageNumber(low, high);
    const range = this.ranges[this.behind(page) - 1];
    return range !== undefined && page < range.to ? range : undefined;
  }

  /** What is there, ranges that touch taken together. */
  get merged(): PageRange[] {
    const all: { from: number; to: number }[] = [];
    for (const { from, to } of this.ranges) {
      const last = all.at(-1);
      if (last?.to === from) last.to = to;
      else all.push({ from, to });
    }
    return all.map(({ from, to }) => ({ from: BigInt(from), to: BigInt(to) }));
  }

  /** Index of the first range that begins behind a page. */
  private behind(page: number): number {
    let [low, high] = [0, this.ranges.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.ranges[middle].from <= page) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function pageNumber(low: number, high: number): number {
  return (high >>> 0) * (2 ** 32 / PAGE_SIZE) + ((low >>> 0) >>> 12);
}

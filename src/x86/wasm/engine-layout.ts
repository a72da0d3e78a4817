/**
 * What the translation keeps in linear memory, behind the machine's own regions (layout.ts).
 *
 *     translation cache   TLB_ENTRIES entries of TLB_ENTRY bytes (TLB below), direct-mapped by a hash of the page number
 *     pool                for each translation a table from addresses to blocks, and the templates of its events
 */
import type { Layout } from '../layout.js';

/** A power of two. */
export const TLB_BITS = 10;
export const TLB_ENTRIES = 1 << TLB_BITS;

/** Byte offsets within an entry of the translation cache. A tag is the address of the page, or NO_PAGE. */
export const TLB = {
  /** Tag for reading. */
  READ: 0,
  /** Tag for writing. */
  WRITE: 8,
  /** Tag for reading what is written back. */
  READ_WRITE: 16,
  /** 32 bits: what to add to the low half of an address to get its byte offset in linear memory. */
  DELTA: 24,
} as const;

export const TLB_ENTRY = 32;

/** A tag that no page has: page addresses end in twelve zero bits. Tags are compared with the lowest three bits of an address too, never with this one. */
export const NO_PAGE = 0x800;

/** An entry of the address table: the address, then the number of the block plus 1, or minus (index of the external plus 1). */
export const TABLE_ENTRY = 16;

/** Bytes for the tables and templates of all translations together: when they are used up, all are dropped. */
const POOL_BYTES = 2 << 20;

/** Byte offsets of one translation's regions. */
export interface UnitRegions {
  /** The table from addresses to blocks. */
  readonly table: number;
  /** It has 2 to this power entries. */
  readonly tableBits: number;
}

/** Byte offsets. */
export interface EngineLayout {
  readonly tlb: number;
  /** 8 bytes: the address of the access at which translated code was left last (Exit.access). */
  readonly access: number;
  readonly pool: number;
  readonly totalBytes: number;
}

/** Places the engine's regions behind the machine's. */
export function engineLayoutFor(layout: Layout): EngineLayout {
  const tlb = layout.totalBytes;
  const access = tlb + TLB_ENTRIES * TLB_ENTRY;
  const pool = access + 16;
  return { tlb, access, pool, totalBytes: pool + POOL_BYTES };
}

/** Gives translations their regions. */
export class RegionPool {
  private readonly layout: EngineLayout;
  private used = 0;

  constructor(layout: EngineLayout) {
    this.layout = layout;
  }

  /** Byte offset of what `take` gives next. */
  get next(): number {
    return this.layout.pool + this.used;
  }

  /** The table for this many addresses; undefined if the pool is used up. */
  takeTable(addresses: number): UnitRegions | undefined {
    // At most half full, so that looking up stays short.
    let tableBits = 4;
    while (1 << tableBits < 2 * addresses) tableBits++;
    const table = this.next;
    return this.take(TABLE_ENTRY << tableBits) ? { table, tableBits } : undefined;
  }

  /** @returns whether there were this many bytes, a multiple of 16, at `next` */
  take(bytes: number): boolean {
    if (this.used + bytes > POOL_BYTES) return false;
    this.used += bytes;
    return true;
  }

  /** All regions are free again. */
  clear(): void {
    this.used = 0;
  }
}

/** The multiplier of both hashes: odd, the golden ratio in 64 bits. */
export const HASH_MULTIPLIER = 0x9e3779b97f4a7c15n;

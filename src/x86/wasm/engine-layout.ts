/**
 * What the translation keeps in linear memory, behind the machine's own regions (layout.ts).
 *
 *     translation cache   TLB_ENTRIES entries of TLB_ENTRY bytes (TLB below), direct-mapped by a hash of the page number
 *     pool                for each translation a table from addresses to blocks, and a memo of the path hash per block
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

/** A tag that no page has: page addresses end in twelve zero bits. */
export const NO_PAGE = 1;

/** An entry of the address table: the address, then the number of the block plus 1, or minus (index of the external plus 1). */
export const TABLE_ENTRY = 16;

/** A memo: the path hash before a block when it last ran, and the one after it. */
export const MEMO_ENTRY = 16;

/** Bytes for the tables and memos of all translations together: when they are used up, all are dropped. */
const POOL_BYTES = 2 << 20;

/** Byte offsets of one translation's regions. */
export interface UnitRegions {
  /** The table from addresses to blocks. */
  readonly table: number;
  /** It has 2 to this power entries. */
  readonly tableBits: number;
  /** One memo for each block. */
  readonly memo: number;
}

/** Byte offsets. */
export interface EngineLayout {
  readonly tlb: number;
  /** 8 bytes: the address of the access at which translated code was left last (Departure.access). */
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

  /** Regions for this many blocks, and addresses, blocks included; undefined if the pool is used up. */
  take(blocks: number, addresses: number): UnitRegions | undefined {
    // At most half full, so that looking up stays short.
    let tableBits = 4;
    while (1 << tableBits < 2 * addresses) tableBits++;
    const tableBytes = TABLE_ENTRY << tableBits;
    const bytes = tableBytes + blocks * MEMO_ENTRY;
    if (this.used + bytes > POOL_BYTES) return undefined;
    const table = this.layout.pool + this.used;
    this.used += bytes;
    return { table, tableBits, memo: table + tableBytes };
  }

  /** All regions are free again. */
  clear(): void {
    this.used = 0;
  }
}

/** The multiplier of both hashes: odd, the golden ratio in 64 bits. */
export const HASH_MULTIPLIER = 0x9e3779b97f4a7c15n;

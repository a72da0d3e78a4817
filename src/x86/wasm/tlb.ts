/** The translation cache: which pages translated code may access, and where they are (engine-layout.ts). */
import { type Layout, PAGE_SIZE } from '../layout.js';
import { type Memory, PERMISSION } from '../memory.js';
import { HASH_MULTIPLIER, NO_PAGE, TLB, TLB_BITS, TLB_ENTRIES, TLB_ENTRY } from './engine-layout.js';

/** Pages that may push each other out before another hash is tried. */
const TOO_MANY_CONFLICTS = 64;

export class TranslationCache {
  /** The multiplier of the hash over page numbers: translated code has it built in. */
  multiplier = HASH_MULTIPLIER;

  private readonly memory: Memory;
  private readonly table: Int32Array;
  private readonly view: DataView;
  private conflicts = 0;
  private empty = false;

  /** @param offset - byte offset of the cache in the buffer */
  constructor(buffer: ArrayBuffer, layout: Layout, offset: number, memory: Memory) {
    this.memory = memory;
    this.table = new Int32Array(buffer, layout.pageTable, layout.pageEntries * 4);
    this.view = new DataView(buffer, offset, TLB_ENTRIES * TLB_ENTRY);
    this.clear();
  }

  /** Forgets all pages. */
  clear(): void {
    if (this.empty) return;
    const { view } = this;
    for (let at = 0; at < view.byteLength; at += TLB_ENTRY) this.forget(at);
    this.empty = true;
  }

  /**
   * Enters the page of an address, if it is mapped.
   *
   * @returns false if pages push each other out too often: `multiplier` has changed, and all translated code is useless
   */
  enter(low: number, high: number): boolean {
    const index = this.memory.find(low, high);
    if (index < 0) return true;
    const page = BigInt.asUintN(64, (BigInt(high) << 32n) | BigInt((low & -PAGE_SIZE) >>> 0));
    const hash = BigInt.asUintN(64, (page >> 12n) * this.multiplier) >> BigInt(64 - TLB_BITS);
    const at = Number(hash) * TLB_ENTRY;
    const { view, table } = this;
    const tags = [TLB.READ, TLB.WRITE, TLB.READ_WRITE].map((tag) => view.getBigUint64(at + tag, true));
    const permissions = table[index + 3];
    const allows = (needed: number): bigint => ((permissions & needed) === needed ? page : BigInt(NO_PAGE));
    const wanted = [PERMISSION.Read, PERMISSION.Write, PERMISSION.ReadWrite].map(allows);
    if (tags.every((tag, i) => tag === wanted[i])) return true;
    if (tags.some((tag) => tag !== BigInt(NO_PAGE) && tag !== page) && ++this.conflicts > TOO_MANY_CONFLICTS) {
      this.conflicts = 0;
      this.multiplier = BigInt.asUintN(64, this.multiplier * HASH_MULTIPLIER) | 1n;
      this.clear();
      return false;
    }
    view.setBigUint64(at + TLB.READ, wanted[0], true);
    view.setBigUint64(at + TLB.WRITE, wanted[1], true);
    view.setBigUint64(at + TLB.READ_WRITE, wanted[2], true);
    view.setInt32(at + TLB.DELTA, (table[index + 2] - (low & -PAGE_SIZE)) | 0, true);
    this.empty = false;
    return true;
  }

  private forget(at: number): void {
    this.view.setBigUint64(at + TLB.READ, BigInt(NO_PAGE), true);
    this.view.setBigUint64(at + TLB.WRITE, BigInt(NO_PAGE), true);
    this.view.setBigUint64(at + TLB.READ_WRITE, BigInt(NO_PAGE), true);
  }
}

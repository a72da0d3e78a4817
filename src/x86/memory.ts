import { PAGE_FAULT, VECTOR } from './exit.js';
import { LaterPages, type PageContents, type PageRange } from './later-pages.js';
import { CONTROL_WORDS, type Layout, PAGE_ENTRY_WORDS, PAGE_SIZE, UNDO_WORDS } from './layout.js';

/** What may be done with the bytes of a page. A page that is both writable and executable is refused. */
export interface Permissions {
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
}

/** Permission bits as the page table holds them. */
export const PERMISSION = { Read: 1, Write: 2, ReadWrite: 3, Execute: 4 } as const;

/**
 * What is noted of pages that may hold code, which may hold data too: code was fetched, so that a write is one to code; or the
 * page was written to before that, so that what is fetched is written code.
 */
const NOTE = { none: 0, fetched: 1, written: 2 } as const;

/** Results of {@link Memory.translate} that are no byte offset. */
export const TRANSLATED = { Fault: -1, Crossing: -2 } as const;

/** Bytes of the widest store, less one: how far a write reaches from its address. */
const LARGEST_WRITE = 15;

/**
 * Paged memory with permissions. Every write is entered in an undo list, from which `undoAll` restores exactly what the
 * memory held at the last `checkpoint`. Addresses are two 32-bit halves; 48-bit canonical.
 */
export class Memory {
  /** Vector, error code and address of the last failed access. */
  faultVector = 0;
  faultErrorCode = 0;
  faultLow = 0;
  faultHigh = 0;
  /** Set when a page that may hold code was changed; the owner drops decoded code and clears it. */
  codeChanged = false;
  /** Set when a page was unmapped or its permissions changed; an owner who remembers translations drops them and clears it. */
  translationsChanged = false;

  private readonly layout: Layout;
  private readonly bytes: Uint8Array;
  private readonly words: Int32Array;
  private readonly view: DataView;
  private readonly table: Int32Array;
  private readonly tableMask: number;
  /** The control words: the undo list's length lies there, so that an engine in WebAssembly can append to the list. */
  private readonly control: Int32Array;
  /** The list within the machine's buffer. */
  private readonly sharedUndo: Int32Array;
  private undo: Int32Array;
  /** Words in `undo`; reading `length` of a typed array is slow. */
  private undoLimit: number;
  private pageCount = 0;
  /** Table index of each page, in the order of mapping. */
  private readonly pageEntries: number[] = [];
  /** Whether there is a checkpoint: without one mapping is permanent. */
  private hasCheckpoint = false;
  /** The first page that was mapped since the checkpoint, by its place in `pageEntries`; -1 if there is none. */
  private firstNew = -1;
  /** Pages that are mapped when they are touched. */
  private later: LaterPages | undefined;
  /** Table index and former permissions of each page whose permissions changed since the checkpoint. */
  private permissionUndo: number[] = [];
  private codeWritten = false;
  /** A NOTE for each page, in the order of mapping. */
  private readonly notes: Uint8Array;
  /** Pages that are noted as written. */
  private readonly written: number[] = [];

  constructor(buffer: ArrayBuffer, layout: Layout) {
    this.layout = layout;
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.view = new DataView(buffer);
    this.table = new Int32Array(buffer, layout.pageTable, layout.pageEntries * PAGE_ENTRY_WORDS);
    this.tableMask = layout.pageEntries - 1;
    this.notes = new Uint8Array(layout.pageCapacity);
    this.control = new Int32Array(buffer, layout.control, CONTROL_WORDS);
    this.sharedUndo = new Int32Array(buffer, layout.undo, layout.undoEntries * UNDO_WORDS);
    this.undo = this.sharedUndo;
    this.undoLimit = this.undo.length;
  }

  /**
   * Maps the pages that hold [address, address + size); `bytes` are placed at `address`, the rest is zero.
   *
   * @throws Error if a page is mapped already, is not canonical, is to be writable and executable, or does not fit
   */
  map(address: bigint, size: number, permissions: Permissions, bytes?: Uint8Array): void {
    const bits = permissionBits(address, permissions);
    if (size <= 0) throw new Error(`cannot map ${size} bytes at 0x${address.toString(16)}: the size must be positive`);
    if (bytes !== undefined && bytes.length > size) {
      throw new Error(
        `cannot map at 0x${address.toString(16)}: ${bytes.length} bytes do not fit into a range of ${size}`,
      );
    }
    const first = address & ~0xfffn;
    const last = (address + BigInt(size) - 1n) & ~0xfffn;
    if (this.hasCheckpoint && this.firstNew < 0) this.firstNew = this.pageCount;
    for (let page = first; page <= last; page += BigInt(PAGE_SIZE)) this.mapPage(page, bits);
    if (bytes !== undefined) {
      // Placed without undo: the content of a new page belongs to the mapping.
      for (let done = 0; done < bytes.length;) {
        const at = this.offsetOf(address + BigInt(done));
        const count = Math.min(bytes.length - done, PAGE_SIZE - (at & (PAGE_SIZE - 1)));
        this.bytes.set(bytes.subarray(done, done + count), at);
        done += count;
      }
    }
    this.codeChanged = true;
  }

  /**
   * Maps whole pages like `map`, each when it is first touched; they stay for ever.
   *
   * @param address of the first
   * @throws Error as `map`
   */
  mapLater(address: bigint, pages: number, permissions: Permissions, contents: PageContents): void {
    const bits = permissionBits(address, permissions);
    const last = address + BigInt((pages - 1) * PAGE_SIZE);
    if (!isCanonical(Number(BigInt.asIntN(32, address >> 32n))) || !isCanonical(Number(BigInt.asIntN(32, last >> 32n))))
      throw new Error(`cannot map 0x${address.toString(16)}: the address is not canonical (48 bits)`);
    this.later ??= new LaterPages();
    if (this.pageCount + this.later.count + pages > this.layout.pageCapacity) this.refuseMore(address);
    this.later.add(address, pages, bits, contents);
  }

  /** What `mapLater` was told of. */
  get laterPages(): readonly PageRange[] {
    return this.later?.merged ?? [];
  }

  private refuseMore(page: bigint): never {
    throw new Error(
      `cannot map 0x${page.toString(16)}: the machine has ${this.layout.pageCapacity} pages; give it more memoryBytes`,
    );
  }

  /** A page that no run has touched yet. @returns index of its entry in the table, or -1 if there is none */
  private mapTouched(low: number, high: number): number {
    const range = this.later?.find(low, high);
    if (range === undefined) return -1;
    const index = this.placePage(low & ~0xfff, high, range.bits);
    const offset = this.table[index + 2];
    const page = (BigInt(high >>> 0) << 32n) | BigInt((low & ~0xfff) >>> 0);
    range.contents(page, this.bytes.subarray(offset, offset + PAGE_SIZE));
    return index;
  }

  private mapPage(page: bigint, bits: number): void {
    const low = Number(BigInt.asIntN(32, page));
    const high = Number(BigInt.asIntN(32, page >> 32n));
    if (!isCanonical(high))
      throw new Error(`cannot map 0x${page.toString(16)}: the address is not canonical (48 bits)`);
    if (this.find(low, high) >= 0) throw new Error(`cannot map 0x${page.toString(16)}: the page is mapped already`);
    if (this.pageCount >= this.layout.pageCapacity) this.refuseMore(page);
    this.placePage(low, high, bits);
  }

  /** @returns index of the page's entry in the table */
  private placePage(low: number, high: number, bits: number): number {
    let index = this.hash(low, high);
    while (this.table[index] !== 0) index = (index + PAGE_ENTRY_WORDS) & (this.tableMask * PAGE_ENTRY_WORDS);
    const offset = this.layout.pages + this.pageCount * PAGE_SIZE;
    this.table[index] = low | 1;
    this.table[index + 1] = high;
    this.table[index + 2] = offset;
    this.table[index + 3] = bits;
    this.pageEntries[this.pageCount++] = index;
    return index;
  }

  /**
   * Changes the permissions of the pages that hold [address, address + size); undone by `undoAll`.
   *
   * @throws Error if a page is not mapped or is to be writable and executable
   */
  protect(address: bigint, size: number, permissions: Permissions): void {
    const bits = permissionBits(address, permissions);
    const first = address & ~0xfffn;
    for (let page = first; page < address + BigInt(size); page += BigInt(PAGE_SIZE)) {
      const index = this.find(Number(BigInt.asIntN(32, page)), Number(BigInt.asIntN(32, page >> 32n)));
      if (index < 0) throw new Error(`cannot protect 0x${page.toString(16)}: the page is not mapped`);
      const former = this.table[index + 3];
      if (former === bits) continue;
      this.permissionUndo.push(index, former);
      this.table[index + 3] = bits;
      this.translationsChanged = true;
      if (((former | bits) & PERMISSION.Execute) !== 0) this.noteCodeWritten();
    }
  }

  /**
   * Runs something while pages of code may be written to; what was decoded of them is forgotten afterwards.
   *
   * @param low address of the write, which may reach into the next page
   */
  withCodeWritable<T>(low: number, high: number, run: () => T): T {
    const end = (low + LARGEST_WRITE) | 0;
    const pages = [this.find(low, high), this.find(end, end >>> 0 < low >>> 0 ? (high + 1) | 0 : high)];
    const code = pages.filter((index) => index >= 0 && (this.table[index + 3] & PERMISSION.Execute) !== 0);
    const former = code.map((index) => this.table[index + 3]);
    for (const index of code) this.table[index + 3] |= PERMISSION.Write;
    this.translationsChanged = true;
    try {
      return run();
    } finally {
      code.forEach((index, at) => (this.table[index + 3] = former[at]));
      this.translationsChanged = true;
      this.noteCodeWritten();
    }
  }

  /** The present content, pages and permissions are what `undoAll` returns to. */
  checkpoint(): void {
    this.control[10 /* UNDO_COUNT */] = 0;
    this.permissionUndo.length = 0;
    this.hasCheckpoint = true;
    this.firstNew = -1;
    this.forgetWrites();
    this.codeWritten = false;
  }

  /** Returns to the last checkpoint; without one, to the pages as they were mapped. */
  undoAll(): void {
    const { words, undo, control } = this;
    for (let at = control[10 /* UNDO_COUNT */] - 3 /* UNDO_WORDS */; at >= 0; at -= 3 /* UNDO_WORDS */) {
      const word = undo[at];
      words[word] = undo[at + 1];
      words[word + 1] = undo[at + 2];
    }
    control[10 /* UNDO_COUNT */] = 0;
    if (this.permissionUndo.length > 0) this.undoPermissions();
    if (this.written.length > 0) this.forgetWrites();
    if (this.firstNew >= 0) this.unmapNewPages();
    if (this.codeWritten) {
      this.codeChanged = true;
      this.codeWritten = false;
    }
  }

  private undoPermissions(): void {
    for (let at = this.permissionUndo.length - 2; at >= 0; at -= 2) {
      this.table[this.permissionUndo[at] + 3] = this.permissionUndo[at + 1];
    }
    this.permissionUndo.length = 0;
    this.translationsChanged = true;
  }

  private unmapNewPages(): void {
    while (this.pageCount > this.firstNew) {
      // In reverse order of insertion, so that no probe chain is broken: pages that were touched meanwhile are so again.
      const index = this.pageEntries[--this.pageCount];
      const offset = this.table[index + 2];
      this.bytes.fill(0, offset, offset + PAGE_SIZE);
      this.notes[this.pageCount] = NOTE.none;
      this.table.fill(0, index, index + PAGE_ENTRY_WORDS);
    }
    this.pageEntries.length = this.pageCount;
    this.firstNew = -1;
    this.codeChanged = true;
    this.translationsChanged = true;
  }

  private noteCodeWritten(): void {
    this.codeChanged = true;
    this.codeWritten = true;
  }

  private hash(low: number, high: number): number {
    // Multiplied, so that the pages of a large image do not make one long run that every other page must be looked up behind.
    const mixed = Math.imul((low >>> 12) ^ Math.imul(high, 0x61c88647), 0x9e3779b1 | 0);
    return ((mixed ^ (mixed >>> 15)) & this.tableMask) * 4; /* PAGE_ENTRY_WORDS */
  }

  /** Index of the page's entry in the table, or -1. A page that is mapped when it is touched is so now. */
  find(low: number, high: number): number {
    const table = this.table;
    const key = (low & ~0xfff) | 1;
    let index = this.hash(low, high);
    for (;;) {
      const found = table[index];
      if (found === key && table[index + 1] === high) return index;
      if (found === 0) return this.later === undefined ? -1 : this.mapTouched(low, high);
      index = (index + 4) /* PAGE_ENTRY_WORDS */ & (this.tableMask * 4); /* PAGE_ENTRY_WORDS */
    }
  }

  /**
   * Checks an access of `size` bytes (1 to 16) and finds where the bytes are.
   *
   * @param needed - PERMISSION bits
   * @returns the byte offset; TRANSLATED.Crossing if it spans two pages, both of which are fine; TRANSLATED.Fault with the fault fields set
   */
  translate(low: number, high: number, size: number, needed: number, stack: boolean): number {
    const index = this.find(low, high);
    if (index < 0 || (this.table[index + 3] & needed) !== needed) return this.deny(low, high, index, needed, stack);
    const within = low & 0xfff;
    if (within + size <= 4096 /* PAGE_SIZE */) return this.table[index + 2] + within;
    const nextLow = ((low & ~0xfff) + 4096) /* PAGE_SIZE */ | 0;
    const nextHigh = nextLow === 0 ? (high + 1) | 0 : high;
    const next = this.find(nextLow, nextHigh);
    if (next < 0 || (this.table[next + 3] & needed) !== needed) {
      return this.deny(nextLow, nextHigh, next, needed, stack);
    }
    return -2; /* TRANSLATED.Crossing */
  }

  private deny(low: number, high: number, index: number, needed: number, stack: boolean): number {
    this.faultLow = low;
    this.faultHigh = high;
    if (!isCanonical(high)) {
      this.faultVector = stack ? VECTOR.SS : VECTOR.GP;
      this.faultErrorCode = 0;
    } else {
      this.faultVector = VECTOR.PF;
      this.faultErrorCode =
        (index >= 0 ? PAGE_FAULT.P : 0) |
        ((needed & PERMISSION.Write) !== 0 ? PAGE_FAULT.W : 0) |
        ((needed & PERMISSION.Execute) !== 0 ? PAGE_FAULT.I : 0);
    }
    return TRANSLATED.Fault;
  }

  /** Reads 1, 2, 4 or 8 bytes at a byte offset from `translate` into `s[d]` (low half) and `s[d + 1]`, zero-extended. */
  readAt(offset: number, size: number, s: Int32Array, d: number): void {
    if (size === 8) {
      if ((offset & 3) === 0) {
        s[d] = this.words[offset >> 2];
        s[d + 1] = this.words[(offset >> 2) + 1];
      } else {
        s[d] = this.view.getInt32(offset, true);
        s[d + 1] = this.view.getInt32(offset + 4, true);
      }
      return;
    }
    s[d + 1] = 0;
    if (size === 4) s[d] = this.view.getInt32(offset, true);
    else if (size === 2) s[d] = this.view.getUint16(offset, true);
    else s[d] = this.bytes[offset];
  }

  /** Writes 1, 2, 4 or 8 bytes at a byte offset from `translate`, with undo. */
  writeAt(offset: number, size: number, low: number, high: number): void {
    this.remember(offset >> 3);
    if ((offset & 7) + size > 8) this.remember((offset >> 3) + 1);
    if (size === 8) {
      if ((offset & 3) === 0) {
        this.words[offset >> 2] = low;
        this.words[(offset >> 2) + 1] = high;
      } else {
        this.view.setInt32(offset, low, true);
        this.view.setInt32(offset + 4, high, true);
      }
    } else if (size === 4) this.view.setInt32(offset, low, true);
    else if (size === 2) this.view.setInt16(offset, low, true);
    else this.bytes[offset] = low;
  }

  private remember(quadword: number): void {
    const at = this.control[10 /* UNDO_COUNT */];
    if (at + 3 /* UNDO_WORDS */ > this.undoLimit) {
      const larger = new Int32Array(this.undo.length * 2);
      larger.set(this.undo);
      this.undo = larger;
      this.undoLimit = larger.length;
    }
    const word = quadword * 2;
    this.undo[at] = word;
    this.undo[at + 1] = this.words[word];
    this.undo[at + 2] = this.words[word + 1];
    this.control[10 /* UNDO_COUNT */] = at + 3; /* UNDO_WORDS */
  }

  /** Words that the undo list within the machine's buffer still has room for; 0 once the list has moved out of it. */
  undoRoom(): number {
    return this.undo === this.sharedUndo ? this.undoLimit - this.control[10 /* UNDO_COUNT */] : 0;
  }

  /** Reads 1 to 8 bytes that may span pages, ignoring permissions, into `s[d]` (low half) and `s[d + 1]`; false if a page is not mapped. */
  readCrossing(low: number, high: number, size: number, s: Int32Array, d: number): boolean {
    let valueLow = 0;
    let valueHigh = 0;
    for (let i = 0; i < size; i++) {
      const at = (low + i) | 0;
      const index = this.find(at, at >>> 0 < low >>> 0 ? (high + 1) | 0 : high);
      if (index < 0) return false;
      const byte = this.bytes[this.table[index + 2] + (at & (PAGE_SIZE - 1))];
      if (i < 4) valueLow |= byte << (8 * i);
      else valueHigh |= byte << (8 * (i - 4));
    }
    s[d] = valueLow;
    s[d + 1] = valueHigh;
    return true;
  }

  /** Writes 1 to 8 bytes that may span pages, ignoring permissions, with undo; false (nothing written) if a page is not mapped. */
  writeCrossing(low: number, high: number, size: number, valueLow: number, valueHigh: number): boolean {
    const end = (low + size - 1) | 0;
    if (this.find(low, high) < 0 || this.find(end, end >>> 0 < low >>> 0 ? (high + 1) | 0 : high) < 0) return false;
    for (let i = 0; i < size; i++) {
      const at = (low + i) | 0;
      const index = this.find(at, at >>> 0 < low >>> 0 ? (high + 1) | 0 : high);
      const byte = i < 4 ? (valueLow >>> (8 * i)) & 0xff : (valueHigh >>> (8 * (i - 4))) & 0xff;
      this.noteWrite(index);
      this.writeAt(this.table[index + 2] + (at & (PAGE_SIZE - 1)), 1, byte, 0);
    }
    return true;
  }

  /** Host-side write of 8 bytes, ignoring permissions, with undo; false (nothing written) if a page is not mapped. */
  poke64(low: number, high: number, valueLow: number, valueHigh: number): boolean {
    const index = this.find(low, high);
    const within = low & 0xfff;
    if (index < 0 || within > 0xff8 || (this.table[index + 3] & 4) /* PERMISSION.Execute */ !== 0) {
      return this.writeCrossing(low, high, 8, valueLow, valueHigh);
    }
    this.writeAt(this.table[index + 2] + within, 8, valueLow, valueHigh);
    return true;
  }

  /**
   * Host-side write of any length, ignoring permissions, with undo.
   *
   * @throws Error if a page is not mapped; nothing is written then
   */
  pokeBytes(address: bigint, bytes: Uint8Array): void {
    for (let page = address & ~0xfffn; page < address + BigInt(bytes.length); page += BigInt(PAGE_SIZE)) {
      if (this.offsetOf(page) < 0)
        throw new Error(`cannot write 0x${address.toString(16)}: 0x${page.toString(16)} is not mapped`);
    }
    for (let done = 0; done < bytes.length;) {
      const at = this.offsetOf(address + BigInt(done));
      const count = Math.min(bytes.length - done, PAGE_SIZE - (at & (PAGE_SIZE - 1)));
      for (let quadword = at >> 3; quadword <= (at + count - 1) >> 3; quadword++) this.remember(quadword);
      this.bytes.set(bytes.subarray(done, done + count), at);
      this.noteWrite(this.indexOf(address + BigInt(done)));
      done += count;
    }
  }

  /** Host-side read of any length, ignoring permissions; undefined if a page is not mapped. */
  peekBytes(address: bigint, length: number): Uint8Array | undefined {
    const result = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const at = this.offsetOf(address + BigInt(done));
      if (at < 0) return undefined;
      const count = Math.min(length - done, PAGE_SIZE - (at & (PAGE_SIZE - 1)));
      result.set(this.bytes.subarray(at, at + count), done);
      done += count;
    }
    return result;
  }

  /**
   * Fetches up to 15 bytes of code at an address. Fewer come back when a page ends them; then the fault fields tell what a
   * fetch of the next byte would raise.
   */
  fetch(low: number, high: number): Uint8Array {
    const result = new Uint8Array(15);
    let done = 0;
    while (done < result.length) {
      const at = (low + done) | 0;
      const atHigh = at >>> 0 < low >>> 0 ? (high + 1) | 0 : high;
      const offset = this.translate(at, atHigh, 1, PERMISSION.Execute, false);
      if (offset === TRANSLATED.Fault) break;
      this.noteFetch(this.find(at, atHigh));
      const count = Math.min(result.length - done, PAGE_SIZE - (offset & (PAGE_SIZE - 1)));
      result.set(this.bytes.subarray(offset, offset + count), done);
      done += count;
    }
    return result.subarray(0, done);
  }

  private noteFetch(index: number): void {
    const page = this.pageAt(index);
    const note = this.notes[page];
    if (note === NOTE.fetched) return;
    this.notes[page] = NOTE.fetched;
    // What is made of it does not outlast the bytes.
    if (note === NOTE.written) this.codeWritten = true;
  }

  private noteWrite(index: number): void {
    if ((this.table[index + 3] & PERMISSION.Execute) === 0) return;
    const page = this.pageAt(index);
    const note = this.notes[page];
    if (note === NOTE.fetched) this.noteCodeWritten();
    else if (note === NOTE.none) {
      this.notes[page] = NOTE.written;
      this.written.push(page);
    }
  }

  private forgetWrites(): void {
    for (const page of this.written) if (this.notes[page] === NOTE.written) this.notes[page] = NOTE.none;
    this.written.length = 0;
  }

  /** Number of a page in the order of mapping, by the index of its entry in the table. */
  private pageAt(index: number): number {
    return (this.table[index + 2] - this.layout.pages) / PAGE_SIZE;
  }

  private indexOf(address: bigint): number {
    return this.find(Number(BigInt.asIntN(32, address)), Number(BigInt.asIntN(32, address >> 32n)));
  }

  /** Whether the page of an address is mapped with these permissions (PERMISSION bits). */
  allows(low: number, high: number, needed: number): boolean {
    const index = this.find(low, high);
    return index >= 0 && (this.table[index + 3] & needed) === needed;
  }

  /** Byte offset of an address, or -1; for the edges, where addresses are bigint. */
  offsetOf(address: bigint): number {
    const low = Number(BigInt.asIntN(32, address));
    const index = this.indexOf(address);
    return index < 0 ? -1 : this.table[index + 2] + (low & (PAGE_SIZE - 1));
  }
}

/** Whether an address with this high half is canonical for 48 bits: bits 63 to 47 are equal. */
export function isCanonical(high: number): boolean {
  const top = high >> 15;
  return top === 0 || top === -1;
}

function permissionBits(address: bigint, permissions: Permissions): number {
  if (permissions.write && permissions.execute) {
    throw new Error(
      `cannot make 0x${address.toString(16)} writable and executable: self-modifying code is not supported`,
    );
  }
  return (
    (permissions.read ? PERMISSION.Read : 0) |
    (permissions.write ? PERMISSION.Write : 0) |
    (permissions.execute ? PERMISSION.Execute : 0)
  );
}

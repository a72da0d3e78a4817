/** The memory of a PE image as its loader makes it, read and written by distance from the image base. */
import { hex } from '../text/hex.js';
import { COFF_FLAG } from './coff-constants.js';
import { checkCoffRange, type CoffSection, describeCoff } from './coff-tables.js';
import { fail } from './elf-file.js';
import { SIZE_LIMIT, type Segment } from './image.js';
import type { PeFile } from './pe-file.js';
import { segmentAt } from './segments.js';
import { StringTable } from './string-table.js';

const HEADERS = 'HEADERS';
const END = 1n << 64n;
const DAMAGED = 'the file is damaged: build it again';

export class PeMemory {
  /** Ascending, without overlaps. */
  readonly segments: readonly Segment[];
  private readonly views = new Map<Segment, DataView>();
  private readonly owned = new Set<Segment>();

  /** @param base where the image lies */
  constructor(
    private readonly file: PeFile,
    readonly base: bigint,
  ) {
    const sections = file.sections.filter((section) => sizeOf(section) > 0 && !isDebug(section));
    this.segments = [...this.headers(sections), ...sections.map((section) => this.segmentOf(section))].sort((a, b) =>
      a.address < b.address ? -1 : a.address > b.address ? 1 : 0,
    );
    this.check(sections);
  }

  /** The headers lie at the image base; code that finds its own sections reads them there. */
  private headers(sections: readonly CoffSection[]): Segment[] {
    const { file } = this;
    const size = sections.reduce((least, { virtualAddress }) => Math.min(least, virtualAddress), file.headersSize);
    const permissions = { read: true, write: false, execute: false };
    const bytes = file.bytes.subarray(0, size);
    return size === 0 ? [] : [{ name: HEADERS, address: this.base, size, bytes, ...permissions }];
  }

  private segmentOf(section: CoffSection): Segment {
    const { file } = this;
    const { name, virtualAddress, rawOffset, rawSize, flags } = section;
    const size = sizeOf(section);
    const hasContents = rawOffset > 0 && rawSize > 0;
    const offset = hasContents ? rawOffset - file.stripped : 0;
    const length = hasContents ? Math.min(rawSize, size) : 0;
    if (offset < 0) fail(file, `${describeCoff(section)} lies in front of the file; ${DAMAGED}`);
    checkCoffRange(file, describeCoff(section), offset, length);
    const address = this.base + BigInt(virtualAddress);
    if (size > SIZE_LIMIT || address + BigInt(size) > END)
      fail(
        file,
        `${describeCoff(section)} asks for ${hex(size)} bytes at ${hex(address)}; at most 1 GiB can be loaded, below 2^64`,
      );
    return {
      name,
      address,
      size,
      bytes: file.bytes.subarray(offset, offset + length),
      read: (flags & COFF_FLAG.read) !== 0,
      write: (flags & COFF_FLAG.write) !== 0,
      execute: (flags & COFF_FLAG.execute) !== 0,
    };
  }

  private check(sections: readonly CoffSection[]): void {
    const { file, segments } = this;
    if (sections.length === 0) fail(file, 'nothing to load: no section has contents; give the linked image');
    const code = segments.filter(({ execute }) => execute);
    if (code.length > 0 && code.every(({ bytes }) => bytes.length === 0))
      fail(file, 'holds debug information only, no code; give the image it was split from');
    let total = 0;
    let contents = 0;
    segments.forEach((segment, index) => {
      total += segment.size;
      contents += segment.bytes.length;
      const next = segments[index + 1];
      if (next !== undefined && segment.address + BigInt(segment.size) > next.address)
        fail(file, `${segment.name} and ${next.name} overlap at ${hex(next.address)}; ${DAMAGED}`);
    });
    if (total > SIZE_LIMIT) fail(file, `needs ${hex(total)} bytes of memory, at most 1 GiB can be loaded`);
    if (contents > file.bytes.length) fail(file, `sections share their bytes in the file; ${DAMAGED}`);
  }

  /** The segment with an address, and where in its contents the bytes lie; undefined where the file gives none. */
  private place(address: number, size: number): { segment: Segment; at: number } | undefined {
    const segment = segmentAt(this.segments, this.base + BigInt(address));
    if (segment === undefined) return undefined;
    const at = Number(this.base + BigInt(address) - segment.address);
    return at + size > segment.bytes.length ? undefined : { segment, at };
  }

  private viewOf(segment: Segment): DataView {
    let view = this.views.get(segment);
    if (view === undefined) {
      const { bytes } = segment;
      this.views.set(segment, (view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)));
    }
    return view;
  }

  /**
   * The bytes at an address, as many as asked for, to be read only.
   * @param what refers to them, for messages
   * @throws ImageError where the file loads nothing
   */
  at(address: number, size: number, what: string): { view: DataView; at: number } {
    const place = this.place(address, size) ?? this.absent(address, what);
    return { view: this.viewOf(place.segment), at: place.at };
  }

  /** As {@link PeMemory.at}, to be written. The segment gets bytes of its own when it is first written. */
  writable(address: number, size: number, what: string): { view: DataView; at: number } {
    const { segment, at } = this.place(address, size) ?? this.absent(address, what);
    if (!this.owned.has(segment)) {
      segment.bytes = segment.bytes.slice();
      this.views.delete(segment);
      this.owned.add(segment);
    }
    return { view: this.viewOf(segment), at };
  }

  /** The zero-terminated name at an address, escaped. @throws ImageError as {@link StringTable} */
  name(address: number, what: string): string {
    const { segment, at } = this.place(address, 1) ?? this.absent(address, what);
    return new StringTable(this.file.name, segment.bytes, what, this.file.budget.names).at(at);
  }

  private absent(address: number, what: string): never {
    return fail(this.file, `${what} refers to ${hex(address)} of the image, where the file loads nothing; ${DAMAGED}`);
  }
}

/** Bytes in memory. Old linkers leave VirtualSize 0. */
function sizeOf({ virtualSize, rawSize }: CoffSection): number {
  return virtualSize === 0 ? rawSize : virtualSize;
}

/** What GNU tools leave in the image for debuggers: nobody's memory, and larger than all else. */
export function isDebug({ name, flags }: CoffSection): boolean {
  const isNeeded = (flags & COFF_FLAG.execute) !== 0 || (flags & COFF_FLAG.discardable) === 0;
  return !isNeeded && /^(\.z?debug|\.stab|\/\d)/.test(name);
}

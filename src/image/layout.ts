/** Where the parts of an object go: upward from the start of its range, with an unmapped page after each. */
import { hex } from '../text/hex.js';
import { fail } from './elf-file.js';
import { type AddressRange, KERNEL_RANGE } from './externals.js';

/** Bytes. */
export const PAGE_SIZE = 4096;
/** The same in every range. */
const ROOM = Number(KERNEL_RANGE.externals - KERNEL_RANGE.text);

export class Layout {
  /** Bytes from the start of the range to the first free page. */
  private next = 0;

  constructor(
    private readonly file: { name: string },
    private readonly range: AddressRange = KERNEL_RANGE,
  ) {}

  /** The alignment in bytes; 0 means 1. @throws ImageError unless it is a power of two that the range can give */
  alignment(align: number, what: string): number {
    if (align === 0) return 1;
    if (align > ROOM || (align & (align - 1)) !== 0)
      fail(this.file, `${what} asks for an alignment of ${hex(align)}; the file is damaged: build it again`);
    return align;
  }

  /**
   * Takes whole pages for `size` bytes and leaves a guard page behind them.
   * @returns the first address: page aligned, or more if `align` says so
   * @throws ImageError when the range is full
   */
  take(size: number, align: number, what: string): bigint {
    const step = Math.max(PAGE_SIZE, this.alignment(align, what));
    // A range is 16 MiB aligned: larger alignments count from address 0.
    const skew = Number(this.range.text % BigInt(step));
    const start = Math.ceil((this.next + skew) / step) * step - skew;
    const end = start + Math.ceil(size / PAGE_SIZE) * PAGE_SIZE + PAGE_SIZE;
    if (end > ROOM)
      fail(
        this.file,
        `${what}: the object needs more than the ${Math.floor(ROOM / 2 ** 20)} MiB that an object gets; give a smaller object or a linked executable`,
      );
    this.next = end;
    return this.range.text + BigInt(start);
  }
}

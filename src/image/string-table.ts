/** An ELF string table: names by offset, bounded. */
import { escapeName } from '../text/escape.js';
import { hex } from '../text/hex.js';
import { ImageError, NAME_LIMIT } from './image.js';

/** Bytes of names that may still be decoded: overlapping strings of a hostile file would otherwise fill all memory. */
export interface NameBudget {
  left: number;
}

export class StringTable {
  private readonly strings: Buffer;

  /**
   * @param file the image's name for messages
   * @param user what refers to the table, for messages
   */
  constructor(
    private readonly file: string,
    bytes: Uint8Array,
    private readonly user: string,
    private readonly budget: NameBudget,
  ) {
    this.strings = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /**
   * The zero-terminated name at this offset, escaped. Offset 0 of an empty table is the empty name.
   * @throws ImageError for an offset outside, a name without end, or one of more than NAME_LIMIT bytes
   */
  at(offset: number): string {
    if (offset === 0 && this.strings.length === 0) return '';
    if (offset >= this.strings.length)
      this.fail(`name at ${hex(offset)} lies outside its string table of ${hex(this.strings.length)} bytes`);
    const length = this.strings.subarray(offset, offset + NAME_LIMIT + 1).indexOf(0);
    if (length === 0) return '';
    if (length < 0) this.fail(`name at ${hex(offset)} has no end within ${NAME_LIMIT} bytes`);
    this.budget.left -= length;
    if (this.budget.left < 0) this.fail('the names take more than 256 MiB');
    return escapeName(this.strings.toString('utf8', offset, offset + length));
  }

  private fail(what: string): never {
    throw new ImageError(`${this.file}: ${this.user}: ${what}; the file is damaged: build it again`);
  }
}

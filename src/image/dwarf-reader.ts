/** Reads the primitive values of DWARF (version 5, section 7.6 and 7.5.6) from bytes that may be damaged. */
import { NAME_LIMIT } from './image.js';

/** The debug sections say something impossible: they then count as absent, and no image is refused for them. */
export class DamagedDebug extends Error {}

/** The debug sections are larger than anything that is built: as {@link DamagedDebug}, of all of them together. */
export class TooMuchDebug extends Error {}

/** What `read` says, or undefined if it meets damage. */
export function undamaged<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DamagedDebug) return undefined;
    throw error;
  }
}

/** Longest LEB128 number that is read, in bytes: ten hold 64 bits. */
const LEB128_LIMIT = 10;

/** A position in little-endian bytes. Every read moves forward by at least one byte, or throws. */
export class DwarfReader {
  private readonly view: DataView;

  /**
   * @param at first byte to read
   * @param end behind the last byte
   * @throws DamagedDebug if the range reaches past the bytes; so does every read that passes `end`
   */
  constructor(
    readonly bytes: Uint8Array,
    public at: number,
    readonly end: number,
  ) {
    if (!(at >= 0 && at <= end && end <= bytes.length)) throw new DamagedDebug();
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  /** Moves over `count` bytes. @returns where they begin */
  skip(count: number): number {
    const start = this.at;
    if (!(count >= 0 && count <= this.end - start)) throw new DamagedDebug();
    this.at = start + count;
    return start;
  }

  u8(): number {
    return this.bytes[this.skip(1)];
  }

  i8(): number {
    return (this.u8() << 24) >> 24;
  }

  u16(): number {
    return this.view.getUint16(this.skip(2), true);
  }

  u32(): number {
    return this.view.getUint32(this.skip(4), true);
  }

  u64(): bigint {
    return this.view.getBigUint64(this.skip(8), true);
  }

  /** An offset or length: 4 bytes, or 8 in 64-bit DWARF. */
  offset(is64: boolean): number {
    return is64 ? this.exact(Number(this.u64())) : this.u32();
  }

  /** Unsigned LEB128, below 2^53. */
  uleb(): number {
    let value = 0;
    for (let index = 0; index < LEB128_LIMIT; index++) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return this.exact(value);
    }
    throw new DamagedDebug();
  }

  /** Signed LEB128, within 2^53. */
  sleb(): number {
    let value = 0;
    for (let index = 0; index < LEB128_LIMIT; index++) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return this.exact(byte & 0x40 ? value - 2 ** (7 * index + 7) : value);
    }
    throw new DamagedDebug();
  }

  /** Moves over a LEB128 number of any size. */
  skipLeb(): void {
    for (let index = 0; index < LEB128_LIMIT; index++) if (this.u8() < 0x80) return;
    throw new DamagedDebug();
  }

  /** The bytes of a zero-terminated string. */
  string(): Uint8Array {
    const length = this.bytes.subarray(this.at, this.end).indexOf(0);
    if (length < 0) throw new DamagedDebug();
    const start = this.skip(length + 1);
    return this.bytes.subarray(start, start + length);
  }

  /** As {@link DwarfReader.string}, and one byte longer than a name may be where no end comes before. */
  boundedString(): Uint8Array {
    const bytes = this.bytes.subarray(this.at, Math.min(this.end, this.at + NAME_LIMIT + 1));
    const length = bytes.indexOf(0);
    return length < 0 ? bytes : bytes.subarray(0, length);
  }

  private exact(value: number): number {
    if (!Number.isSafeInteger(value)) throw new DamagedDebug();
    return value;
  }
}

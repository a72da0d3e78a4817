/**
 * The .xz format, as far as kernels use it: LZMA2, with the filter for x86 code or without. Source: Tukaani, The .xz File
 * Format 1.0.0 (sections 2 and 3).
 */
import { crc32 } from 'node:zlib';
import { LzmaDecoder } from './lzma.js';
import { DamagedPacking } from './packing.js';
import { undoX86Filter } from './x86-filter.js';

const STREAM_HEADER = 12;
const FILTER = { x86: 0x04, lzma2: 0x21 } as const;
const CHECK_CRC32 = 1;
const SIZE_FLAGS = { packed: 0x40, unpacked: 0x80 } as const;

/** Fills the output from one stream. @throws DamagedPacking if the bytes do not come to its size */
export function unpackXz(bytes: Uint8Array, output: Uint8Array): void {
  const check = bytes[7];
  const decoder = new LzmaDecoder(bytes, output);
  let at = STREAM_HEADER;
  // A zero is the index, which no block is behind.
  while (at < bytes.length && bytes[at] !== 0) {
    const { end, isX86 } = blockHeader(bytes, at);
    const start = decoder.done;
    at = lzma2(bytes, end, output, decoder);
    const content = output.subarray(start, decoder.done);
    if (isX86) undoX86Filter(content);
    at = Math.ceil(at / 4) * 4;
    if (check === CHECK_CRC32) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      if (at + 4 > bytes.length || crc32(content) !== view.getUint32(at, true)) throw new DamagedPacking();
    }
    at += checkSize(check);
  }
  if (decoder.done !== output.length) throw new DamagedPacking();
}

/** Section 2.1.1.2: groups of three kinds have one size. */
function checkSize(check: number): number {
  return check === 0 ? 0 : 4 << Math.floor((check - 1) / 3);
}

/** Section 3.1. @returns where the block's data begins, and whether the filter for x86 is in front of LZMA2 */
function blockHeader(bytes: Uint8Array, start: number): { end: number; isX86: boolean } {
  const end = start + (bytes[start] + 1) * 4;
  if (end > bytes.length) throw new DamagedPacking();
  let at = start + 2;
  const number = (): number => {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      if (at >= end || unit > 2 ** 42) throw new DamagedPacking();
      const byte = bytes[at++];
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
    }
  };
  const flags = bytes[start + 1];
  if ((flags & SIZE_FLAGS.packed) !== 0) number();
  if ((flags & SIZE_FLAGS.unpacked) !== 0) number();
  const filters: number[] = [];
  for (let left = (flags & 3) + 1; left > 0; left--) {
    filters.push(number());
    // What a filter is told: the dictionary's size, which the output is larger than or as good as.
    const size = number();
    at += size;
  }
  const isX86 = filters.length === 2 && filters[0] === FILTER.x86;
  if (filters.at(-1) !== FILTER.lzma2 || (filters.length > 1 && !isX86)) throw new DamagedPacking();
  return { end, isX86 };
}

/** Chunks of LZMA2 up to the end of the block's data, which is returned. */
function lzma2(bytes: Uint8Array, start: number, output: Uint8Array, decoder: LzmaDecoder): number {
  let at = start;
  decoder.from = decoder.done;
  while (at < bytes.length) {
    const control = bytes[at];
    if (control === 0) return at + 1;
    const low = bytes[at + 1] * 256 + bytes[at + 2] + 1;
    if (control < 0x80) {
      at += 3;
      if (control > 2 || low > bytes.length - at || low > output.length - decoder.done) throw new DamagedPacking();
      if (control === 1) decoder.from = decoder.done;
      output.set(bytes.subarray(at, at + low), decoder.done);
      decoder.done += low;
      at += low;
    } else {
      const size = (control & 0x1f) * 0x10000 + low;
      const packed = bytes[at + 3] * 256 + bytes[at + 4] + 1;
      const reset = (control >> 5) & 3;
      at += 5;
      if (reset === 3) decoder.from = decoder.done;
      if (reset >= 2) decoder.resetTo(bytes[at++]);
      else if (reset === 1) decoder.reset();
      decoder.run(at, at + packed, decoder.done + size);
      at += packed;
    }
  }
  throw new DamagedPacking();
}

/**
 * LZ4, the legacy frame: blocks of up to 8 MiB, each with the size that it is packed to in front. Linux uses no other.
 * Source: lz4, doc/lz4_Frame_format.md ("Legacy frame") and doc/lz4_Block_format.md. Own code, which
 * unpacks into memory that is given and bounds its work; which libraries do was not surveyed.
 */
import { copyBack, DamagedPacking } from './packing.js';

const MAGIC_SIZE = 4;
const MAGIC = 0x184c2102;
const LEAST_MATCH = 4;
/** A half of the token that says that the length goes on in bytes behind it. */
const GOES_ON = 15;

/** Fills the output. @throws DamagedPacking if the bytes are no such frame, or do not come to its size exactly */
export function unpackLz4(bytes: Uint8Array, output: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let done = 0;
  for (let at = MAGIC_SIZE; at < bytes.length;) {
    if (at + 4 > bytes.length) throw new DamagedPacking();
    const size = view.getUint32(at, true);
    at += 4;
    // Frames may stand in a row.
    if (size === MAGIC) continue;
    if (size === 0 || size > bytes.length - at) throw new DamagedPacking();
    done = unpackBlock(bytes, at, at + size, output, done);
    at += size;
  }
  if (done !== output.length) throw new DamagedPacking();
}

/** @returns how far the output is filled */
function unpackBlock(bytes: Uint8Array, start: number, end: number, output: Uint8Array, done: number): number {
  let at = start;
  let to = done;
  const length = (first: number): number => {
    let sum = first;
    for (let more = first === GOES_ON; more;) {
      if (at >= end) throw new DamagedPacking();
      const byte = bytes[at++];
      sum += byte;
      more = byte === 0xff;
    }
    return sum;
  };
  while (at < end) {
    const token = bytes[at++];
    const literals = length(token >> 4);
    if (literals > end - at || literals > output.length - to) throw new DamagedPacking();
    if (literals > 32) output.set(bytes.subarray(at, at + literals), to);
    else for (let index = 0; index < literals; index++) output[to + index] = bytes[at + index];
    at += literals;
    to += literals;
    // The last sequence has literals only.
    if (at === end) break;
    if (at + 2 > end) throw new DamagedPacking();
    const distance = bytes[at] | (bytes[at + 1] << 8);
    at += 2;
    const count = length(token & 15) + LEAST_MATCH;
    if (distance > to - done) throw new DamagedPacking();
    copyBack(output, to, distance, count);
    to += count;
  }
  return to;
}

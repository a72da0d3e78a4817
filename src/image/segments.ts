/** Which segment holds an address. */
import type { Segment } from './image.js';

/** The segment with `address <= value < address + size`. The segments ascend, as those of an image do. */
export function segmentAt(segments: readonly Segment[], address: bigint): Segment | undefined {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (segments[middle].address <= address) low = middle + 1;
    else high = middle;
  }
  const segment = segments[low - 1];
  return segment !== undefined && address - segment.address < BigInt(segment.size) ? segment : undefined;
}

/**
 * What lies from an address on, at most so many bytes and as far as its segment has any. Of a kernel the code for its start may
 * lie in a segment that nothing executes from any more.
 */
export function codeAt(segments: readonly Segment[], address: bigint, most: number): Uint8Array | undefined {
  const segment = segmentAt(segments, address);
  const at = segment === undefined ? 0 : Number(address - segment.address);
  return segment?.bytes.subarray(at, at + most);
}

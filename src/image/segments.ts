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

/** Machine-code mutants: a function of an image with one bit of its code the other way round. */
import type { Image } from '../image/image.js';
import { segmentAt } from '../image/segments.js';

/** One bit of a function: where its byte lies behind the first one, and which bit of it, 0 to 7. */
export interface Flip {
  readonly offset: number;
  readonly bit: number;
}

/**
 * The image with one bit flipped, in a copy: after relocation, so that a relocated operand is code like the rest.
 *
 * @param entry address of the function
 * @throws RangeError if no byte of the image lies there
 */
export function mutantOf(image: Image, entry: bigint, { offset, bit }: Flip): Image {
  const at = entry + BigInt(offset);
  const segment = segmentAt(image.segments, at);
  const index = segment === undefined ? -1 : Number(at - segment.address);
  if (segment === undefined || index >= segment.bytes.length) throw new RangeError(`no byte at +${offset}`);
  const bytes = segment.bytes.slice();
  bytes[index] ^= 1 << bit;
  const segments = image.segments.map((other) => (other === segment ? { ...segment, bytes } : other));
  return { ...image, segments };
}

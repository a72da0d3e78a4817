/** Whether an image has room in memory, and how much it takes. */
import { ImageError, type Image } from '../image/image.js';
import { shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import { PAGE, regionAt } from './layout.js';

/** Pages for the stacks, the blocks or structures, and the thunks beside the image. */
const WORLD_BYTES = 128 * PAGE;

/**
 * The addresses of the caller's side are the tool's own.
 *
 * @throws ImageError if the image cannot lie in memory beside them
 */
export function checkRoom(image: Image): void {
  for (const { name, address, size } of image.segments) {
    const hit = regionAt(address, size);
    if (hit !== undefined)
      throw new ImageError(
        `${image.name}: ${shorten(name)} lies at ${hex(address)}, over the caller's memory at ${hex(hit.address)}; link it elsewhere`,
      );
  }
}

/** Bytes of memory that the machine of an image needs. */
export function memoryFor(image: Image): number {
  const ends = image.segments.map(({ size }) => size + 2 * PAGE);
  return ends.reduce((sum, size) => sum + size, WORLD_BYTES);
}

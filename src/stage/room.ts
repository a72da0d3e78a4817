import { ImageError, type Image } from '../image/image.js';
import { shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import { regionAt } from './layout.js';

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

/** A COFF object as an image. */
import { coffLinkInput } from './coff-link-input.js';
import { parseCoffObject } from './coff-object.js';
import type { Image } from './image.js';
import { linkObjects } from './link.js';

/**
 * Lays out and relocates an object.
 * @param name for messages: escaped and bounded
 * @throws ImageError, and nothing else, for whatever bytes
 */
export function loadCoff(bytes: Uint8Array, name: string): Omit<Image, 'hash'> {
  return linkObjects([coffLinkInput(parseCoffObject(bytes, name))], { name, format: 'coff-object' });
}

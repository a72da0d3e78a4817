/** What is asked of every file, whatever its bytes: an image that keeps its promises, or one line. */
import { expect } from 'vitest';
import { functionExtent, symbolAt } from '../stage/functions.js';
import { ImageError, type Image } from './image.js';
import { findFunction } from './symbols.js';

/** @returns undefined for a refusal of one line @throws whatever else was thrown */
export function orRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof ImageError && /^[^\n]*$/.test(error.message) && error.message.length < 1000) return undefined;
    throw error;
  }
}

/** What every image promises. */
export function check(image: Image): void {
  let end = 0n;
  for (const segment of image.segments) {
    expect(segment.address).toBeGreaterThanOrEqual(end);
    expect(segment.size).toBeGreaterThanOrEqual(Math.max(1, segment.bytes.length));
    end = segment.address + BigInt(segment.size);
    expect(end).toBeLessThanOrEqual(1n << 64n);
    symbolAt(image, segment.address);
    symbolAt(image, end - 1n);
  }
  for (const { address, size, reason } of image.badPlaces ?? []) {
    expect(size).toBeGreaterThan(0);
    expect(address).toBeGreaterThanOrEqual(0n);
    expect(reason).toMatch(/^[^\n]{1,1500}$/);
  }
  for (const symbol of image.symbols) {
    orRefused(() => findFunction(image, symbol.name));
    const extent = orRefused(() => functionExtent(image, symbol));
    if (extent !== undefined) expect(extent.size).toBeGreaterThan(0);
  }
}

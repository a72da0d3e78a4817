/** Damaged COFF and PE files: an image or an ImageError of one line, and nothing else. */
import { expect } from 'vitest';
import { functionExtent, symbolAt } from '../stage/functions.js';
import { sampleCoff, samplePe, writeCoff, writePe, writeTerse } from './coff-writer.test.helper.js';
import { ImageError } from './image.js';
import { parseImage } from './load.js';

/** One small file of each form. */
export const HOSTILE_SAMPLES: readonly [form: string, bytes: Uint8Array][] = [
  ['COFF', writeCoff(sampleCoff())],
  ['big COFF', writeCoff({ ...sampleCoff(), big: true })],
  ['PE', writePe(samplePe())],
  ['PE linked at 0', writePe({ ...samplePe(), base: 0n })],
  ['TE linked at 0', writeTerse({ ...samplePe(), base: 0n })],
];

/** Milliseconds that one file may take: a busy machine is slow. */
const LONGEST = 10_000;

/** @returns whether the bytes are an image; its promises are checked then @throws for any other outcome */
export function isImage(bytes: Uint8Array): boolean {
  const start = performance.now();
  try {
    const image = parseImage(bytes, 'hostile');
    let end = 0n;
    for (const { address, size, bytes: contents } of image.segments) {
      expect(address).toBeGreaterThanOrEqual(end);
      expect(size).toBeGreaterThanOrEqual(Math.max(1, contents.length));
      end = address + BigInt(size);
      symbolAt(image, address);
    }
    expect(end).toBeLessThanOrEqual(1n << 64n);
    for (const symbol of image.symbols) {
      try {
        functionExtent(image, symbol);
      } catch (error) {
        if (!isOneLine(error)) throw error;
      }
    }
    return true;
  } catch (error) {
    if (isOneLine(error)) return false;
    throw error;
  } finally {
    expect(performance.now() - start).toBeLessThan(LONGEST);
  }
}

function isOneLine(error: unknown): boolean {
  return error instanceof ImageError && !error.message.includes('\n') && error.message.length < 1000;
}

/** Numbers that programs trip over. */
const EDGES = [0, 1, 7, 18, 0x28, 0x7f, 0xff, 0x7fff, 0xffff, 0x1000000, 0x7fffffff, 0xffffffff];

/** A copy with one to four changes; `next` gives numbers from 0 up to its argument. */
export function mutated(original: Uint8Array, next: (below: number) => number): Uint8Array {
  const bytes = original.slice();
  const view = new DataView(bytes.buffer);
  for (let changes = 1 + next(4); changes > 0; changes--) {
    const at = next(bytes.length - 4);
    const kind = next(4);
    if (kind === 0) bytes[at] = next(256);
    else if (kind === 1) view.setUint32(at & ~1, EDGES[next(EDGES.length)], true);
    else if (kind === 2) view.setUint16(at & ~1, EDGES[next(EDGES.length)] & 0xffff, true);
    else bytes.copyWithin(next(bytes.length), at, at + next(64));
  }
  return bytes;
}

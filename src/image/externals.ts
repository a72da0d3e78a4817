/** Addresses for symbols that the image refers to and does not define. */
import type { External } from './image.js';

/** First slot: within reach of a 32-bit relocation from {@link TEXT_BASE}, and never mapped. */
export const EXTERNAL_BASE = 0xffffffffa0000000n;
/** Bytes of a slot. */
export const EXTERNAL_SLOT = 16n;
/** Where an object is laid out: the kernel's text range. */
export const TEXT_BASE = 0xffffffff81000000n;

/** Gives every name one slot, in the order of the first reference. */
export class Externals {
  readonly list: External[] = [];
  private readonly byName = new Map<string, bigint>();

  address(name: string): bigint {
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    const address = EXTERNAL_BASE + BigInt(this.list.length) * EXTERNAL_SLOT;
    this.byName.set(name, address);
    this.list.push({ name, address });
    return address;
  }
}

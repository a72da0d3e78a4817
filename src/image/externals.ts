/** Addresses for symbols that the image refers to and does not define. */
import type { External } from './image.js';

/** First slot: within reach of a 32-bit relocation from {@link TEXT_BASE}, and never mapped. */
export const EXTERNAL_BASE = 0xffffffffa0000000n;
/** Bytes of a slot. */
export const EXTERNAL_SLOT = 16n;
/** Where an object is laid out: the kernel's text range. */
export const TEXT_BASE = 0xffffffff81000000n;

/** Where an object's parts and the slots of what it leaves open lie. All within reach of 32-bit relocations. */
export interface AddressRange {
  readonly text: bigint;
  readonly externals: bigint;
}

export const KERNEL_RANGE: AddressRange = { text: TEXT_BASE, externals: EXTERNAL_BASE };
/**
 * The low 2 GiB, for code that holds addresses in 32 bits zero-extended, as user code without -fPIE does (AMD64 supplement,
 * small code model). The same distances; no round number, so that no small constant is an address of it.
 */
export const LOW_RANGE: AddressRange = { text: 0x41000000n, externals: 0x60000000n };

/** Gives every name one slot, in the order of the first reference. */
export class Externals {
  readonly list: External[] = [];
  private readonly byName = new Map<string, bigint>();

  constructor(private readonly base = EXTERNAL_BASE) {}

  address(name: string): bigint {
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    const address = this.base + BigInt(this.list.length) * EXTERNAL_SLOT;
    this.byName.set(name, address);
    this.list.push({ name, address });
    return address;
  }
}

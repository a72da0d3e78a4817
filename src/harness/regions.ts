/**
 * Where things lie. There are two memories, 0 for the base run and companion H, 1 for companion G: other addresses and
 * other poison for everything that the host must not learn, so that a leaked pointer or stale byte differs.
 *
 * Every region has unmapped guard pages around it.
 */

const PAGE = 0x1000;

export interface Region {
  address: bigint;
  size: number;
}

export interface Regions {
  stack: Region;
  /** RSP at the entry for stack offset 0; every unit of the offset lowers it by 8. */
  stackEntry: bigint;
  block: Region;
  readOnly: Region;
  unmapped: bigint;
  /** The address that the caller wants to be returned to. */
  returnAddress: bigint;
  /** 32-bit pattern that all poison of this memory is made of. */
  poison: (kind: 'stack' | 'block') => number;
}

/** Kernel stacks and heaps lie in the upper half (x86-64 canonical addresses). */
export const REGIONS: readonly [Regions, Regions] = [
  {
    stack: { address: 0xffffc90000408000n, size: 4 * PAGE },
    stackEntry: 0xffffc9000040a800n,
    block: { address: 0xffff888012340000n, size: 2 * PAGE },
    readOnly: { address: 0xffff888012380000n, size: PAGE },
    unmapped: 0xffff8880dead0000n,
    returnAddress: 0xffffffff9f001110n,
    poison: (kind) => (kind === 'stack' ? 0x57ac0000 : 0xb10c0000 | 0),
  },
  {
    stack: { address: 0xffffc9abc5abe000n, size: 4 * PAGE },
    stackEntry: 0xffffc9abc5ac0a40n,
    block: { address: 0xffff8fedcb0d6000n, size: 2 * PAGE },
    readOnly: { address: 0xffff8fedcb1fa000n, size: PAGE },
    unmapped: 0xffff8fedcbe4f000n,
    returnAddress: 0xffffffff9e7eeed0n,
    poison: (kind) => ~(kind === 'stack' ? 0x57ac0000 : 0xb10c0000),
  },
];

/** Bytes of a region's poison: each 8 bytes name the region (high half) and their offset in it (low half). */
export function poisonBytes(size: number, pattern: number): Uint8Array {
  const words = new Int32Array(size / 4);
  for (let offset = 0; offset < size; offset += 8) {
    words[offset / 4] = pattern ^ offset;
    words[offset / 4 + 1] = pattern ^ (pattern >>> 16);
  }
  return new Uint8Array(words.buffer);
}

/**
 * Where everything lies, of stubs and of programs. There are two memories, 0 for the base run and companion H, 1 for
 * companion G: other addresses and other poison for everything that the host must not learn, so that a leaked pointer or
 * stale byte differs.
 *
 * Every region has unmapped guard pages around it. The image lies where it was linked (an object: in the kernel's text
 * range, image/externals.ts, and what it leaves open behind it), per-CPU data where image/per-cpu.ts says.
 */

export const PAGE = 0x1000;

export interface Region {
  address: bigint;
  size: number;
}

/** Whether an address is in a region. */
export function isWithin(address: bigint, { address: start, size }: Region): boolean {
  return address >= start && address < start + BigInt(size);
}

/** `stack`, `stack-0x20`, `args+0x8`. */
export function offsetName(name: string, offset: bigint): string {
  if (offset === 0n) return name;
  return `${name}${offset < 0n ? '-' : '+'}0x${(offset < 0n ? -offset : offset).toString(16)}`;
}

/** Where an argument block may lie: `block`, `readOnly` and `acrossCarry` as in Regions. */
export interface BlockRegions {
  block: Region;
  blockStart: bigint;
  readOnly: Region;
  acrossCarry: Region;
}

/** Pages on both sides of an address at which the low half of a pointer starts anew. */
function across(boundary: bigint, pages: number): Region {
  return { address: boundary - BigInt(pages * PAGE), size: 2 * pages * PAGE };
}

/** Regions of further blocks, each in a place of its own behind that of the first. */
function furtherBlocks(block: bigint, start: bigint, boundary: bigint): BlockRegions[] {
  return [1n, 2n, 3n].map((index) => ({
    block: { address: block + (index << 24n), size: 2 * PAGE },
    blockStart: start + (index << 24n),
    readOnly: { address: block + (index << 24n) + 0x40000n, size: PAGE },
    acrossCarry: across(boundary + (index << 32n), 1),
  }));
}

export interface Regions {
  stack: Region;
  /** RSP at the entry of a stub for stack offset 0; every unit of the offset lowers it by 8. */
  stackEntry: bigint;
  /** Another stack of a stub, whose middle is a boundary of 64 KiB and of 4 GiB; and RSP at the entry there. */
  stackAcrossCarry: Region;
  stackAcrossEntry: bigint;
  /** RSP as the caller of a program has it; its parameters lie there, and the return address below. */
  programEntry: bigint;
  /** The argument block of a stub. */
  block: Region;
  /** Where a block lies for block offset 0; the bits below the page number differ between the memories too. */
  blockStart: bigint;
  readOnly: Region;
  /** Its middle is an address whose low half is 0: 16-bit and 32-bit additions to a pointer lose a carry there. */
  acrossCarry: Region;
  unmapped: bigint;
  /** Further argument blocks of a stub: what a block may lie in, one of each for itself. */
  moreBlocks: readonly BlockRegions[];
  /** Of a program, in place of the block: where the world lays out structures. */
  structures: Region;
  /** The address that the caller wants to be returned to: no code lies there. */
  returnAddress: bigint;
  /** 32-bit pattern that all poison of this memory is made of: a value that leaks names where it came from. */
  poison: (kind: 'stack' | 'block') => number;
}

/** Kernel stacks and heaps lie in the upper half (x86-64 canonical addresses). */
export const REGIONS: readonly [Regions, Regions] = [
  {
    stack: { address: 0xffffc90000408000n, size: 4 * PAGE },
    stackEntry: 0xffffc9000040a800n,
    stackAcrossCarry: across(0xffffc90100000000n, 2),
    stackAcrossEntry: 0xffffc90100000400n,
    programEntry: 0xffffc9000040bde8n,
    block: { address: 0xffff888012340000n, size: 2 * PAGE },
    blockStart: 0xffff888012340800n,
    readOnly: { address: 0xffff888012380000n, size: PAGE },
    acrossCarry: across(0xffff888300000000n, 1),
    unmapped: 0xffff8880dead0000n,
    moreBlocks: furtherBlocks(0xffff888012340000n, 0xffff888012340800n, 0xffff888300000000n),
    structures: { address: 0xffff888012340000n, size: 24 * PAGE },
    returnAddress: 0xffffffff9f001110n,
    poison: (kind) => (kind === 'stack' ? 0x57ac0000 : 0xb10c0000 | 0),
  },
  {
    stack: { address: 0xffffc9abc5abe000n, size: 4 * PAGE },
    // Aligned to 64 bytes as the other one, for code that aligns RSP.
    stackEntry: 0xffffc9abc5ac0a40n,
    stackAcrossCarry: across(0xffffc9ac00000000n, 2),
    stackAcrossEntry: 0xffffc9ac00000440n,
    programEntry: 0xffffc9abc5ac1c28n,
    block: { address: 0xffff8fedcb0d6000n, size: 2 * PAGE },
    blockStart: 0xffff8fedcb0d67f8n,
    readOnly: { address: 0xffff8fedcb1fa000n, size: PAGE },
    acrossCarry: across(0xffff8fe400000000n, 1),
    unmapped: 0xffff8fedcbe4f000n,
    moreBlocks: furtherBlocks(0xffff8fedcb0d6000n, 0xffff8fedcb0d67f8n, 0xffff8fe400000000n),
    structures: { address: 0xffff8fedcb0d6000n, size: 24 * PAGE },
    returnAddress: 0xffffffff9e7eeed0n,
    poison: (kind) => ~(kind === 'stack' ? 0x57ac0000 : 0xb10c0000),
  },
];

/** Bytes below RSP that an interrupt handler, or a function outside of the image, is taken to overwrite. */
export const HANDLER_FRAME = 256;

/** What of the caller's side lies where memory of an image would: the regions with their guard pages. */
export function regionAt(address: bigint, size: number): Region | undefined {
  const end = address + BigInt(size);
  const guard = BigInt(PAGE);
  return TAKEN.find((region) => address < region.address + BigInt(region.size) + guard && end > region.address - guard);
}

const TAKEN: readonly Region[] = REGIONS.flatMap(
  ({ stack, stackAcrossCarry, structures, readOnly, acrossCarry, unmapped, moreBlocks, returnAddress }) => [
    stack,
    stackAcrossCarry,
    // The block lies in them.
    structures,
    readOnly,
    acrossCarry,
    { address: unmapped, size: PAGE },
    ...moreBlocks.flatMap((more) => [more.block, more.readOnly, more.acrossCarry]),
    { address: returnAddress, size: 1 },
  ],
);

/** Bytes of a region's poison: each 8 bytes name the region (high half) and their offset in it (low half). */
export function poisonBytes(size: number, pattern: number): Uint8Array {
  const words = new Int32Array(size / 4);
  for (let offset = 0; offset < size; offset += 8) {
    words[offset / 4] = pattern ^ offset;
    // The upper half twice: of two complementary patterns no byte is the same.
    words[offset / 4 + 1] = (pattern & 0xffff0000) | (pattern >>> 16);
  }
  return new Uint8Array(words.buffer);
}

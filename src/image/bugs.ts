/** The kernel's table of WARN and BUG: which trapping instruction is which. */
import type { Bug, Segment } from './image.js';
import { segmentAt } from './segments.js';

export const BUG_SECTION = '__bug_table';
/**
 * Bytes of an entry, the likeliest first: a 32-bit offset to the instruction from its own field comes first, the flags come
 * last in 16 bits. Between them are the line and the file's name, and from 6.19 on the format (`struct bug_entry`,
 * include/asm-generic/bug.h); without CONFIG_DEBUG_BUGVERBOSE there is nothing but padding, behind the flags.
 */
const ENTRIES = [
  { size: 12, flagsAt: 10 },
  { size: 16, flagsAt: 14 },
  { size: 8, flagsAt: 4 },
] as const;
/** BUGFLAG_WARNING: execution goes on. */
export const BUG_FLAG_WARNING = 1;
/** A hundred times what kernels have. */
const BUG_LIMIT = 1 << 20;

/**
 * Decodes a table; one that is damaged, or few of whose places are UD1 or UD2, is none: it never makes an image unusable.
 * (From 6.19 on the place of a WARN with a message is a call that leads to one.)
 * @param address of the table in memory
 */
export function readBugs(bytes: Uint8Array, address: bigint, segments: readonly Segment[]): Bug[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const { size, flagsAt } of ENTRIES) {
    if (bytes.length % size !== 0 || bytes.length / size > BUG_LIMIT) continue;
    const bugs: Bug[] = [];
    let traps = 0;
    for (let at = 0; at < bytes.length; at += size) {
      const site = BigInt.asUintN(64, address + BigInt(at + view.getInt32(at, true)));
      const segment = segmentAt(segments, site);
      if (segment?.execute !== true) break;
      if (isUndefined(segment, site)) traps++;
      bugs.push({ address: site, flags: view.getUint16(at + flagsAt, true) });
    }
    if (bugs.length * size === bytes.length && traps * 2 >= bugs.length) return bugs;
  }
  return [];
}

/** Whether UD2 (0f 0b) or UD1 (0f b9, with an address-size prefix and REX or without) lies there. */
function isUndefined({ bytes, address: start }: Segment, address: bigint): boolean {
  let at = Number(address - start);
  if (bytes[at] === 0x67) at++;
  if ((bytes[at] & 0xf0) === 0x40) at++;
  return bytes[at] === 0x0f && (bytes[at + 1] === 0x0b || bytes[at + 1] === 0xb9);
}

/**
 * The kernel's table of WARN and BUG sites. A WARN is a trap that the kernel's handler leaves behind the instruction; a BUG
 * is one from which nothing comes back. A WARN is therefore an entry of the exception-fixup table like any other: what
 * #UD raises at it goes on behind it. A BUG has no entry, and stays a trap.
 */
import type { Fixup } from './image.js';

export const BUG_SECTION = '__bug_table';
/** Where a linker script of a kernel says that the table lies; without sections they tell it. */
export const BUG_BOUNDS = ['__start___bug_table', '__stop___bug_table'] as const;

/** A hundred times what kernels have. */
const SITE_LIMIT = 1 << 20;
/** Bit 0 of an entry's flags (Linux, include/asm-generic/bug.h): BUGFLAG_WARNING. */
const WARNING = 1;
/** Bit 4, from 6.19 on: BUGFLAG_ARGS, the site is where a call of what traps begins (`__SCT__WARN_trap`), and no trap itself. */
const ARGUMENTS = 0x10;
/** EX_TYPE_DEFAULT: RIP goes on at `to`, nothing else changes. */
const GOES_ON = 1;

/**
 * What entries look like with relative pointers, which x86-64 has: the site, the format (from 6.19 on where there is one), the
 * file, the line in 16 bits, the flags in 16 bits; without CONFIG_DEBUG_BUGVERBOSE no file and no line.
 */
const LAYOUTS = [
  { size: 12, flags: 10 },
  { size: 16, flags: 14 },
  { size: 8, flags: 4 },
] as const;

/** Code at an address, as far as the image has it: at most `most` bytes. */
export type CodeAt = (address: bigint, most: number) => Uint8Array | undefined;

/**
 * Appends an entry for every WARN of a table after relocation. Which layout a kernel has nothing in the file says: it is the
 * one by which every entry is about a trap, or says that it is about a call of one. A table that is
 * none in any layout says nothing, and makes no image unusable.
 *
 * @param address of the table in memory
 * @param skip whether bytes are unknown, and so the entry
 */
export function readBugTable(
  bytes: Uint8Array,
  address: bigint,
  codeAt: CodeAt,
  fixups: Fixup[],
  skip: (address: bigint, size: number) => boolean = () => false,
): void {
  if (bytes.length === 0) return;
  if (bytes.length / LAYOUTS[2].size > SITE_LIMIT) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const { size, flags } of LAYOUTS) {
    if (bytes.length % size !== 0) continue;
    const warnings = warningsOf({ view, address, size, flags, codeAt, skip });
    if (warnings === undefined) continue;
    for (const warning of warnings) fixups.push(warning);
    return;
  }
}

interface Table {
  view: DataView;
  address: bigint;
  size: number;
  flags: number;
  codeAt: CodeAt;
  skip: (address: bigint, size: number) => boolean;
}

/** Undefined where an entry is about no trap, and does not say so. */
function warningsOf({ view, address, size, flags, codeAt, skip }: Table): Fixup[] | undefined {
  const warnings: Fixup[] = [];
  for (let at = 0; at < view.byteLength; at += size) {
    if (skip(address + BigInt(at), size)) continue;
    const site = BigInt.asUintN(64, address + BigInt(at + view.getInt32(at, true)));
    const marks = view.getUint16(at + flags, true);
    const code = codeAt(site, LONGEST);
    if (code === undefined || code.length === 0) return undefined;
    const length = trapLength(code);
    if (length === undefined) {
      if ((marks & ARGUMENTS) === 0) return undefined;
      continue;
    }
    if ((marks & WARNING) !== 0) warnings.push({ from: site, to: site + BigInt(length), type: GOES_ON });
  }
  return warnings;
}

/** The longest x86 instruction has 15 bytes. */
const LONGEST = 15;
const UD2 = 0x0b;
const UD1 = 0xb9;

/** Bytes of UD2, or of UD1 with its operands (Intel SDM volume 2, UD: 0F 0B, 0F B9 /r); undefined for other code. */
function trapLength(code: Uint8Array): number | undefined {
  // The size of addresses and REX are all that compilers and kernels put before it.
  let at = code[0] === 0x67 ? 1 : 0;
  if ((code[at] & 0xf0) === 0x40) at++;
  if (code[at] !== 0x0f) return undefined;
  if (code[at + 1] === UD2) return at + 2;
  if (code[at + 1] !== UD1) return undefined;
  return at + 2 + operandBytes(code.subarray(at + 2));
}

/** Bytes of ModRM, SIB and displacement (Intel SDM volume 2, 2.1.5). */
function operandBytes([modrm, sib]: Uint8Array): number {
  const mod = modrm >> 6;
  const base = modrm & 7;
  if (mod === 3) return 1;
  const hasSib = base === 4;
  const head = hasSib ? 2 : 1;
  if (mod === 1) return head + 1;
  if (mod === 2 || base === 5 || (hasSib && (sib & 7) === 5)) return head + 4;
  return head;
}

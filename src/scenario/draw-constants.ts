/** What drawing a scenario knows besides the constants of the ABI. */
import { P_SEAMLDR_LEAVES } from '../../models/abi/p-seamldr.js';
import { SEAMCALL_LEAVES } from '../../models/abi/seamcall-leaves.js';
import { STATUS_CODES } from '../../models/abi/status-codes.js';
import { TDCALL_LEAVES } from '../../models/abi/tdcall-leaves.js';
import type { WrappedInstruction } from '../contract/contract.js';

/** Edges as pairs (low, high): zero, one, all ones, signs, 32-bit edges, page edges, canonical edges of 48 and 57 bits. */
export const EDGES = new Int32Array([
  0, 0, 1, 0, -1, -1, 0, 0x80000000, -1, 0x7fffffff, -1, 0, 0, 1, 0x80000000, 0, 0x7fffffff, 0, 0x80000000, -1, 0x1000,
  0, 0xfff, 0, -1, 0x7fff, 0, 0xffff8000, -1, 0x00ffffff, 0, 0xff000000, -4096, -1, 0xff, 0, 0x100, 0, 0xffff, 0,
  0x10000, 0,
]);

/** What a leaf number may be beside those that a contract allows, and which statuses matter most; by instruction. */
export interface LeafDraws {
  /** Leaf numbers that module 1.5.01 has. */
  known: ReadonlySet<number>;
  /** Leaf numbers that module 1.5.01 does not have, and that no newer one is known to have. */
  unknown: readonly number[];
  /** Leaves that let a version other than 0 through, in some module. */
  versioned: readonly number[];
  /** Whole values of RAX that are answered by another than the module: half of those with a bit above 31 are drawn from them. */
  elsewhere: readonly bigint[];
  /** Statuses that callers know by name: a share of the failures is drawn from them. Of TDCALL see `statusesOf`. */
  statuses: readonly bigint[];
}

const STATUS = new Map(STATUS_CODES.map(({ name, value }) => [name, value]));

function status(name: string): bigint {
  const value = STATUS.get(name);
  if (value === undefined) throw new Error(`no status code is named ${name}`);
  return value;
}

export const LEAF_DRAWS: Readonly<Record<WrappedInstruction, LeafDraws>> = {
  tdcall: {
    known: new Set(TDCALL_LEAVES.map(({ leaf }) => leaf)),
    // 1.5.01 has 0-12, 18, 20, 22-27 (docs/abi/tdcall.md#leaves).
    unknown: [13, 14, 15, 16, 17, 19, 21, 28, 30, 31, 32, 50, 63, 100, 0x1234, 0xffff],
    // Leaf 7 lets any version through, leaf 3 has a version 1 in newer modules (docs/abi/tdcall.md#rax-layout).
    versioned: [3, 7],
    elsewhere: [],
    statuses: [],
  },
  seamcall: {
    known: new Set(SEAMCALL_LEAVES.filter(({ implementedIn1501 }) => implementedIn1501).map(({ leaf }) => leaf)),
    // docs/abi/seamcall.md#newer-leaves: neither among the leaves nor among those of newer headers.
    unknown: [46, 47, 50, 51, 60, 67, 76, 88, 100, 200, 0x1234, 0xffff],
    versioned: SEAMCALL_LEAVES.filter(({ versions }) => versions.length > 1).map(({ leaf }) => leaf),
    // Bit 63 selects the P-SEAMLDR (docs/abi/seamcall.md#rax-layout).
    elsewhere: P_SEAMLDR_LEAVES.map(({ rax }) => rax),
    // What hosts retry on (docs/abi/linux-seamcall.md#sc_retry).
    statuses: [status('TDX_RND_NO_ENTROPY'), status('TDX_OPERAND_BUSY'), status('TDX_SYS_BUSY')],
  },
};

/** The statuses of leaves of TDCALL, as the module's handlers and their helpers give them, success left out. */
export function statusesOf(leaves: readonly number[]): readonly bigint[] {
  const rows = TDCALL_LEAVES.filter(({ leaf }) => leaves.includes(leaf));
  const names = new Set(rows.flatMap(({ statuses, helperStatuses = [] }) => [...statuses, ...helperStatuses]));
  return [...names].map(status).filter((value) => value !== 0n);
}

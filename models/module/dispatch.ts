import { TDCALL_LEAF, TDCALL_LEAVES, TDCALL_RAX } from '../abi/tdcall-leaves.js';
import type { ModuleConfiguration } from './configuration.js';

/**
 * The dispatcher of TDCALL, module 1.5.01 (docs/abi/tdcall.md#check-order). The check before these, 64-bit mode (else #GP(0) with
 * RIP not advanced), belongs to whoever runs the instruction.
 */

/** RAX bits 31:24. */
const RESERVED_LOW = TDCALL_RAX.reservedLowMask | 0;

const highestLeaf = Math.max(...TDCALL_LEAVES.map((row) => row.leaf));
const implemented = new Uint8Array(highestLeaf + 1);
for (const row of TDCALL_LEAVES) implemented[row.leaf] = 1;

/** RAX bits 15:0. */
export function leafOf(raxLow: number): number {
  return raxLow & TDCALL_RAX.leafMask;
}

/** RAX bits 23:16. */
export function versionOf(raxLow: number): number {
  return (raxLow & TDCALL_RAX.versionMask) >>> TDCALL_RAX.versionShift;
}

/** The dispatcher's first check: RAX bits 31:24 and 63:32 are zero. */
function raxReservedBitsAreZero(raxLow: number, raxHigh: number): boolean {
  return raxHigh === 0 && (raxLow & RESERVED_LOW) === 0;
}

/** The second check: a version above 0 passes for TDG.VM.RD alone, and there with any value. */
export function versionPasses(_config: ModuleConfiguration, leaf: number, version: number): boolean {
  return version === 0 || leaf === TDCALL_LEAF.VM_RD;
}

/** The third check: 1.5.01 has a handler for the leaf. */
export function leafIsImplemented(_config: ModuleConfiguration, leaf: number): boolean {
  return leaf <= highestLeaf && implemented[leaf] === 1;
}

/**
 * Whether the dispatcher refuses RAX. Then RAX = OPERAND_INVALID|RAX (0xC000010000000000), RIP advances, and no other
 * register changes.
 *
 * @param raxLow RAX bits 31:0.
 * @param raxHigh RAX bits 63:32.
 */
export function rejectRax(config: ModuleConfiguration, raxLow: number, raxHigh: number): boolean {
  if (!raxReservedBitsAreZero(raxLow, raxHigh)) return true;
  const leaf = leafOf(raxLow);
  return !versionPasses(config, leaf, versionOf(raxLow)) || !leafIsImplemented(config, leaf);
}

/** Guest interruptibility state (VMCS encoding): blocking by STI. */
const BLOCKING_BY_STI = 1 << 0;
/** Guest interruptibility state (VMCS encoding): blocking by MOV SS or POP SS. */
const BLOCKING_BY_MOV_SS = 1 << 1;

/** The interruptibility state after a TDCALL: blocking by STI and by MOV SS is cleared, the rest (NMI) stays. */
export function interruptibilityAfterTdcall(before: number): number {
  return before & ~(BLOCKING_BY_STI | BLOCKING_BY_MOV_SS);
}

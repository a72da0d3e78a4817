import { TDCALL_RAX } from './tdcall-leaves.js';

/**
 * SEAMCALL itself: RAX, the length of the instruction, the states of the module. The leaves are in seamcall-leaves.ts.
 * Source: docs/abi/seamcall.md (module 1.5.01).
 */

/** RAX at SEAMCALL: laid out as at TDCALL. All other bits must be zero. */
export const SEAMCALL_RAX = {
  ...TDCALL_RAX,
  /**
   * Bit 63, in the upper half: the CPU gives the call to the P-SEAMLDR. Should the module meet that bit all the same, it
   * is reserved like the others of `reservedHighMask`.
   */
  seamldrHighBit: 0x80000000,
} as const;

/** Bytes by which RIP advances, on success and on failure alike. */
export const SEAMCALL_INSTRUCTION_LENGTH = 4;

/** How far the module has come; the numbers are those of the recorded vectors. */
export const SYSTEM_STATE = {
  SYSINIT_PENDING: 0,
  SYSINIT_DONE: 1,
  SYSCONFIG_DONE: 2,
  READY: 3,
  SHUTDOWN: 4,
} as const;

/** One of {@link SYSTEM_STATE}. */
export type SystemState = (typeof SYSTEM_STATE)[keyof typeof SYSTEM_STATE];

/** Leaf numbers that rules name; all leaves are in seamcall-leaves.ts. */
export const SEAMCALL_LEAF = {
  VP_ENTER: 0,
  MEM_SEPT_ADD: 3,
  SYS_INFO: 32,
  SYS_LP_SHUTDOWN: 44,
} as const;

/** RCX at TDH.VP.ENTER (docs/abi/seamcall.md#tdhvpenter-operands): bits 51:12 are the TDVPR's address; halves of the other bits. */
export const VP_ENTER_RCX = {
  /** Bits 11:0, must be zero. */
  reservedLowMask: 0x00000fff,
  /** Bits 63:54, must be zero. */
  reservedHighMask: 0xffc00000,
  /** Bit 52: hint on host recoverability. Bit 53: resume L1. */
  flagsHighMask: 0x00300000,
} as const;

/** RCX bits 33:32 after TDH.VP.ENTER, in the upper half: the VM that exited, 0 for L1. */
export const VM_INDEX_HIGH_MASK = 3;

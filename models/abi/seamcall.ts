/**
 * SEAMCALL itself: RAX, the length of the instruction, the states of the module. The leaves are in seamcall-leaves.ts.
 * Source: seamcall-leaves.json (rax_layout, check_order), module.md sections 2 and 8 (module 1.5.01).
 */

/** RAX at SEAMCALL; the bits named reserved must be zero. */
export const SEAMCALL_RAX = {
  /** Bits 15:0. */
  leafMask: 0x0000ffff,
  /** Bits 23:16. */
  versionMask: 0x00ff0000,
  versionShift: 16,
  /** Bits 31:24. */
  reservedLowMask: 0xff000000,
  /**
   * Bits 63:32. The CPU gives a call with bit 63 to the P-SEAMLDR; should the module meet that bit all the same, it is
   * reserved like the others.
   */
  reservedHighMask: 0xffffffff,
  /** Bit 63, in the upper half: the call goes to the P-SEAMLDR. */
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

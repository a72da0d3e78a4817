/**
 * Constants that Linux itself defines for the TDX ABI (docs/abi/linux-stubs.md#constants, values evaluated from v6.7 and later).
 * Status words of the module are in status-codes.ts; only Linux's own numbers are here.
 */

/** Class 0xFF of the status word is for software; Linux builds its own error codes in it. */
export const TDX_SW_ERROR = 0x8000ff00_00000000n;
/** SEAMCALL ended with CF=1 (VMfailInvalid): the module was not entered. Since v5.19. */
export const TDX_SEAMCALL_VMFAILINVALID = 0x8000ff00_ffff0000n;
/** SEAMCALL raised #GP: TDX_SW_ERROR | 13. Since v6.7. */
export const TDX_SEAMCALL_GP = 0x8000ff00_0000000dn;
/** SEAMCALL raised #UD: TDX_SW_ERROR | 6. Since v6.7. */
export const TDX_SEAMCALL_UD = 0x8000ff00_00000006n;
/** What Linux compares of a SEAMCALL status: details level 2 masked away. */
export const TDX_SEAMCALL_STATUS_MASK = 0xffffffff_00000000n;
/** Bit 63 of a status word. */
export const TDX_ERROR = 0x80000000_00000000n;
/** Bit 62 of a status word. */
export const TDX_NON_RECOVERABLE = 0x40000000_00000000n;

/** Upper half of every software error code; the lower half tells which. */
export const TDX_SW_ERROR_HIGH = 0x8000ff00;

/** Software error codes by name. */
export const SOFTWARE_STATUS_CODES = [
  { name: 'TDX_SW_ERROR', value: TDX_SW_ERROR },
  { name: 'TDX_SEAMCALL_VMFAILINVALID', value: TDX_SEAMCALL_VMFAILINVALID },
  { name: 'TDX_SEAMCALL_GP', value: TDX_SEAMCALL_GP },
  { name: 'TDX_SEAMCALL_UD', value: TDX_SEAMCALL_UD },
] as const;

/** Exposure masks (RCX at TDCALL) of the Linux stubs (docs/abi/linux-stubs.md#generations). */
export const LINUX_EXPOSURE_MASKS = {
  /** R10-R15: v5.19 to v6.2. */
  r10ToR15: 0xfc00,
  /** RDX, RBX, RSI, RDI, R8-R15: v6.3 and later. */
  allButRbp: 0xffcc,
} as const;

/** The registers of `allButRbp`, in the order of its bits. */
export const EXPOSED_REGISTERS = [
  'rdx',
  'rbx',
  'rsi',
  'rdi',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
] as const;

/** One of {@link EXPOSED_REGISTERS}. */
export type ExposedRegister = (typeof EXPOSED_REGISTERS)[number];

/** At most so many SEAMCALLs while the answer is TDX_RND_NO_ENTROPY (docs/abi/linux-seamcall.md#sc_retry). */
export const LINUX_ENTROPY_TRIES = 10;

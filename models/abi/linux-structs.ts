/** Layouts of Linux structures that guest helpers work on, in bytes (docs/abi/linux-stubs.md#structures). */

/** `struct pt_regs` of x86-64: the registers that an exception saved, and that its return restores. All are 64-bit. */
export const PT_REGS = {
  r15: 0,
  r14: 8,
  r13: 16,
  r12: 24,
  bp: 32,
  bx: 40,
  r11: 48,
  r10: 56,
  r9: 64,
  r8: 72,
  ax: 80,
  cx: 88,
  dx: 96,
  si: 104,
  di: 112,
  orig_ax: 120,
  ip: 128,
  cs: 136,
  flags: 144,
  sp: 152,
  ss: 160,
} as const;

/** Name of a field of `struct pt_regs`. */
export type PtRegister = keyof typeof PT_REGS;

export const PT_REGS_NAMES = Object.keys(PT_REGS) as readonly PtRegister[];

/** The general registers of `struct pt_regs`, in the order in which the hardware numbers them. */
export const PT_REGS_BY_NUMBER = [
  'ax',
  'cx',
  'dx',
  'bx',
  'sp',
  'bp',
  'si',
  'di',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
] as const satisfies readonly PtRegister[];

/** `struct ve_info`, what TDG.VP.VEINFO.GET said; the last two are 32 bits wide, the others 64. */
export const VE_INFO = {
  exit_reason: 0,
  exit_qual: 8,
  gla: 16,
  gpa: 24,
  instr_len: 32,
  instr_info: 36,
} as const;

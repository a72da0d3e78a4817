/**
 * The sixteen general registers, numbered as the hardware encodes them. The same numbers are the bits of the TDVMCALL
 * exposure mask (RCX bits 15:0) and the operand ids of status words (module 1.5.01, docs/abi/status-codes.md#operand-ids).
 */
export const GPR_NAMES = [
  'RAX',
  'RCX',
  'RDX',
  'RBX',
  'RSP',
  'RBP',
  'RSI',
  'RDI',
  'R8',
  'R9',
  'R10',
  'R11',
  'R12',
  'R13',
  'R14',
  'R15',
] as const;

/** Name of a general register. */
export type GprName = (typeof GPR_NAMES)[number];

/** Register name to hardware number. */
export const GPR = {
  RAX: 0,
  RCX: 1,
  RDX: 2,
  RBX: 3,
  RSP: 4,
  RBP: 5,
  RSI: 6,
  RDI: 7,
  R8: 8,
  R9: 9,
  R10: 10,
  R11: 11,
  R12: 12,
  R13: 13,
  R14: 14,
  R15: 15,
} as const satisfies Record<GprName, number>;

/** How many general registers there are; a register file is an `Int32Array(2 * GPR_COUNT)`, low half first. */
export const GPR_COUNT = GPR_NAMES.length;

/** How many XMM registers there are; an XMM file is an `Int32Array(4 * XMM_COUNT)`, lowest 32-bit word first. */
export const XMM_COUNT = 16;

/**
 * The mask with one bit for each named register.
 *
 * @param names Register names; a name given twice counts once.
 */
export function gprMask(...names: readonly GprName[]): number {
  let mask = 0;
  for (const name of names) mask |= 1 << GPR[name];
  return mask;
}

/** Bits 31:0 that no exposure mask of TDG.VP.VMCALL may have (docs/abi/tdvmcall.md#exposure-mask). */
export const NEVER_EXPOSED = gprMask('RAX', 'RCX', 'RSP');

/** The bit that the mask may have for a TD without NO_RBP_MOD alone (docs/abi/tdvmcall.md#exposure-mask). */
export const EXPOSED_WITHOUT_NO_RBP_MOD = gprMask('RBP');

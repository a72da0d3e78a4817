/**
 * The intermediate representation: every instruction becomes a short list of micro-operations over 64-bit slots (layout.ts).
 *
 * One micro-operation is MICRO_WORDS words `[op, d, a, b, x]`: d, a and b are slot numbers (d is written, a and b are read,
 * unless the comment says otherwise), x is a plain number. Registers are slots, so arithmetic needs no separate register reads
 * and writes; the width of an operand shows only where a result is put back (Zx32, Ins16, Ins8...) and in the flags.
 * Arithmetic is on 64 bits: an operand of a narrower instruction may carry anything in its upper bits, except where
 * "clean" (zero-extended or sign-extended) is asked for.
 *
 * The list of an instruction ends with exactly one terminator (Next .. External). Memory is checked before anything
 * architectural is written, so that an instruction that faults has had no effect.
 */
export const OP = {
  /** Terminator: continue with the instruction that follows. */
  Next: 0,
  /** Terminator: continue at the direct target in the record's header. */
  Jump: 1,
  /** Terminator: to the direct target if condition x holds, else as Next. */
  JumpCondition: 2,
  /** Terminator: continue at the address in slot a. */
  JumpIndirect: 3,
  /** Terminator: to the direct target if slot a is zero, else as Next. */
  JumpIfZero: 4,
  /** Terminator: to the direct target if slot a is not zero, else as Next. */
  JumpIfNotZero: 5,
  /** Terminator if slot a is zero (then as Next); otherwise the list goes on. */
  RepeatCheck: 6,
  /** Terminator: RCX - 1; the same instruction again as x says (REPEAT). */
  Repeat: 7,
  /** Terminator: exception x. */
  Fault: 8,
  /** Terminator: environment call x. */
  Environment: 9,
  /** Terminator: the instruction is not known. */
  Unknown: 10,
  /** Terminator: the external address x. */
  External: 11,
  /** #GP if slot a is neither canonical nor an external address. */
  CheckTarget: 12,
  Mov: 13,
  /** d = the 64-bit constant with the halves a (low) and b (high); only where constant slots have run out. */
  Const: 14,
  Zx8: 15,
  /** d = bits 15:8 of a. */
  Zx8High: 16,
  Zx16: 17,
  Zx32: 18,
  Sx8: 19,
  Sx16: 20,
  Sx32: 21,
  /** Bits 7:0 of d = those of a. */
  Ins8: 22,
  /** Bits 15:8 of d = bits 7:0 of a. */
  Ins8High: 23,
  Ins16: 24,
  Add: 25,
  Sub: 26,
  /** d = a + b + CF. */
  AddCarry: 27,
  /** d = a - b - CF. */
  SubBorrow: 28,
  And: 29,
  Or: 30,
  Xor: 31,
  /** d = ~a & b. */
  AndNot: 32,
  Not: 33,
  Neg: 34,
  /** Low 64 bits of the product. */
  Mul: 35,
  MulHighUnsigned: 36,
  MulHighSigned: 37,
  /** d = quotient, slot d+1 = remainder of (a:b) / slot (x & 0xffff), width x >> 16; all clean unsigned; #DE. */
  DivUnsigned: 38,
  /** As DivUnsigned, for signed values; the halves are still zero-extended. */
  DivSigned: 39,
  /** Shifts of 64 bits by the low six bits of b. */
  Shl: 40,
  Shr: 41,
  Sar: 42,
  /** Rotates a (clean unsigned) of width x by b modulo the width. */
  RotateLeft: 43,
  RotateRight: 44,
  /** Rotates a (clean unsigned) with CF, width x, by b modulo width + 1; slot d+1 = the new CF. */
  RotateLeftCarry: 45,
  RotateRightCarry: 46,
  /** Index of the lowest set bit; 64 for zero. */
  BitScanForward: 47,
  /** Index of the highest set bit; -1 for zero. */
  BitScanReverse: 48,
  PopCount: 49,
  /** Reverses the bytes of the low x bits (32 or 64), zero-extended. */
  ByteSwap: 50,
  /** d = 1 if condition x holds, else 0. */
  SetCondition: 51,
  /** d = a if condition x holds, else b. */
  SelectCondition: 52,
  /** d = a if slot x is zero, else b. */
  SelectZero: 53,
  /** d = memory at the address in a, zero-extended; x: ACCESS. */
  Load: 54,
  /** Memory at the address in a = b; x: ACCESS. */
  Store: 55,
  /** Faults as the access x at the address in a would; up to 16 bytes. */
  CheckAccess: 56,
  /** #GP if the address in a is no multiple of x. */
  CheckAligned: 57,
  /** Flags of d = a + b (+ CF). x of all Flags operations: see flagWord. */
  FlagsAdd: 58,
  /** Flags of d = a - b (- CF). */
  FlagsSub: 59,
  /** SF, ZF, PF of d; CF and OF 0. */
  FlagsLogic: 60,
  /** Flags of d = a << b; none if b is 0. */
  FlagsShl: 61,
  /** Flags of d = a >> b (a clean unsigned); none if b is 0. */
  FlagsShr: 62,
  /** Flags of d = a >> b (a clean signed); none if b is 0. */
  FlagsSar: 63,
  /** CF, OF of the rotation d by the masked count b; none if b is 0. */
  FlagsRotateLeft: 64,
  FlagsRotateRight: 65,
  /** CF = slot a, OF, of the rotation d by the masked count b; none if b is 0. */
  FlagsRotateLeftCarry: 66,
  FlagsRotateRightCarry: 67,
  /** SF, ZF, PF of d, CF = bit 0 of a, OF as after a shift to the left by 1; none if the masked count b is 0. */
  FlagsDoubleLeft: 68,
  /** The same for a shift to the right. */
  FlagsDoubleRight: 69,
  /** All written flags = (a != b). */
  FlagsNotEqual: 70,
  /** CF = bit 0 of a, ZF = (b is zero at the width). */
  FlagsCarryZero: 71,
  FlagsClear: 72,
  FlagsSet: 73,
  FlagsFlip: 74,
  /** d = RFLAGS. */
  ReadFlags: 75,
  /** The bits x of RFLAGS = those of a. */
  WriteFlags: 76,
  Sti: 77,
  Cli: 78,
  /** d = x, or -x if DF is set. */
  StringStep: 79,
  /** #GP if a has bits that MXCSR does not have. */
  CheckMxcsr: 80,
  /** The low bits of a, one after the other, at the places of the set bits of b (PDEP). */
  DepositBits: 81,
  /** The bits of a at the places of the set bits of b, one after the other from bit 0 on (PEXT). */
  ExtractBits: 82,
  /** Only an event: nothing is reordered here. */
  Fence: 83,
} as const;

/** Words of one micro-operation. */
export const MICRO_WORDS = 5;

/** x of Repeat. */
export const REPEAT = {
  /** Until RCX is 0. */
  Counted: 0,
  /** While slot a is not zero, whatever RCX is. */
  WhileNotZero: 1,
} as const;

/** x of Load, Store and CheckAccess: the size in bytes in bits 0 to 7, and these bits. */
export const ACCESS = {
  /** The instruction's own stack access: recorded as Push or Pop. */
  Implicit: 0x100,
  /** Write permission is needed too (the load of a read-modify-write; CheckAccess for a store). */
  ForWrite: 0x200,
  /** Addressed through SS: #SS instead of #GP for a non-canonical address. */
  Stack: 0x400,
} as const;

/**
 * x of the Flags operations.
 *
 * @param width - 8, 16, 32 or 64
 * @param written - the flags that get the computed value (bits of FLAG below 0x1000)
 * @param undefinedFlags - the flags that the architecture leaves undefined: they become 0
 */
export function flagWord(width: number, written: number, undefinedFlags: number): number {
  return width | ((written & ~undefinedFlags) << 8) | (undefinedFlags << 20);
}

/** The header of an instruction's record in the code array, in words; the micro-operations follow. */
export const RECORD = {
  RIP_LOW: 0,
  RIP_HIGH: 1,
  LENGTH: 2,
  /** Record of the next instruction, or 0 while unknown. */
  NEXT_LINK: 3,
  /** Record of the direct target, or 0 while unknown. */
  TARGET_LINK: 4,
  NEXT_LOW: 5,
  NEXT_HIGH: 6,
  TARGET_LOW: 7,
  TARGET_HIGH: 8,
} as const;

/** Words of a record's header. */
export const RECORD_WORDS = 9;

import { EVENT_WORDS } from './layout.js';

export { EVENT_WORDS };

/**
 * What an event records. Load and Store are memory operands that the instruction names (string instructions included); Push
 * and Pop are the accesses that an instruction makes to the stack by itself (push, pop, call, ret, enter, leave, pushf, popf).
 * Sti, Cli and Fence (LFENCE, MFENCE, SFENCE, SERIALIZE) have no address: their size is 0.
 */
export const EVENT = { Load: 1, Store: 2, Push: 3, Pop: 4, Sti: 5, Cli: 6, Fence: 7 } as const;

/** Set in the word EVENT_WORD.SIZE of implicit stack accesses. */
export const EVENT_IMPLICIT = 0x100;

/** Positions within an event: `events[EVENT_WORDS * i + EVENT_WORD.KIND]`. A 16-byte access is two events of 8 bytes. */
export const EVENT_WORD = {
  KIND: 0,
  /** Bytes in bits 0 to 7 (1, 2, 4 or 8), EVENT_IMPLICIT in bit 8. */
  SIZE: 1,
  /** RIP of the instruction. */
  RIP_LOW: 2,
  RIP_HIGH: 3,
  ADDRESS_LOW: 4,
  ADDRESS_HIGH: 5,
  /** The value read or written, zero-extended to 64 bits. */
  VALUE_LOW: 6,
  VALUE_HIGH: 7,
  /** RSP when the instruction began. */
  RSP_LOW: 8,
  RSP_HIGH: 9,
  /** Instructions executed before this one, since reset. */
  INSTRUCTION_COUNT: 10,
  SPARE: 11,
} as const;

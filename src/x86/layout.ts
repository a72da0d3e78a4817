/**
 * The fixed layout of the machine's one ArrayBuffer, which a WebAssembly engine can share as linear memory.
 *
 * A slot is one 64-bit value: slot i has its low half at Int32 index 2*i and its high half at 2*i+1.
 *
 *     slots     0 .. 63     architectural state (SLOT below)
 *     slots    64 .. 127    temporaries of one instruction, meaningless between instructions
 *     slots   128 .. 4223   constants of the decoded code (immediates, displacements), written once
 *     control words         counters and hashes (CONTROL below), 32 bits each
 *     page table            open-addressing hash: 4 words an entry (page low | 1, page high, byte offset of the data, permissions)
 *     undo list             3 words an entry (Int32 index of an aligned 8-byte word, its former low and high half)
 *     event buffer          EVENT_WORDS words an event, see events.ts
 *     page data             4 KiB each, in the order in which the pages were mapped
 *
 * The event buffer and the undo list grow by moving to an array of their own outside this buffer: nothing is ever dropped.
 */
export const SLOT = {
  /** RAX; the general registers follow in hardware order, slots 0 to 15. */
  GPR: 0,
  RIP: 16,
  RFLAGS: 17,
  FS_BASE: 18,
  GS_BASE: 19,
  /** MXCSR, 32 bits. */
  MXCSR: 20,
  /** The x87 control word, 16 bits. */
  X87_CW: 21,
  /** XMM0 low half; 32 slots: low and high quadword of XMM0, then of XMM1 and so on to XMM15. */
  XMM: 24,
} as const;

/** Slots of the architectural state. */
export const STATE_SLOTS = 64;

/** First temporary slot. */
export const TEMPORARY_SLOT = STATE_SLOTS;

/** Temporaries that one instruction may use. */
export const TEMPORARY_SLOTS = 64;

/** First constant slot. */
export const CONSTANT_SLOT = TEMPORARY_SLOT + TEMPORARY_SLOTS;

/** Constants that have a slot; further ones are loaded into temporaries by a micro-operation. */
export const CONSTANT_SLOTS = 4096;

/** Int32 indices, within the control words. */
export const CONTROL = {
  /** Instructions executed since reset. */
  INSTRUCTION_COUNT: 0,
  EVENT_COUNT: 1,
  PATH_HASH_LOW: 2,
  PATH_HASH_HIGH: 3,
  ADDRESS_HASH_LOW: 4,
  ADDRESS_HASH_HIGH: 5,
  /** The instruction count whose boundary is under an STI shadow, or -1. */
  SHADOW_AT: 6,
  /** 0 none, 1 maskable, 2 NMI. */
  INTERRUPT_KIND: 7,
  /** The first instruction count at which the planned interrupt is pending. */
  INTERRUPT_AT: 8,
  /** Events that are in the address hash already. */
  HASHED_EVENTS: 9,
  /** Words in use of the undo list. */
  UNDO_COUNT: 10,
} as const;

/** Control words in the buffer. */
export const CONTROL_WORDS = 32;

/** Words of one entry of the page table. */
export const PAGE_ENTRY_WORDS = 4;

/** Words of one entry of the undo list. */
export const UNDO_WORDS = 3;

/** Words of one event. */
export const EVENT_WORDS = 12;

/** Bytes of a page. */
export const PAGE_SIZE = 4096;

/** Byte offsets of each region, and the size of the whole. */
export interface Layout {
  readonly slots: number;
  readonly control: number;
  readonly pageTable: number;
  /** A power of two. */
  readonly pageEntries: number;
  readonly undo: number;
  readonly undoEntries: number;
  readonly events: number;
  readonly eventCapacity: number;
  readonly pages: number;
  readonly pageCapacity: number;
  readonly totalBytes: number;
}

/** Lays the regions out for this many bytes of page data and this many events. */
export function layoutFor(memoryBytes: number, eventCapacity: number): Layout {
  const pageCapacity = Math.ceil(memoryBytes / PAGE_SIZE);
  let pageEntries = 64;
  while (pageEntries < pageCapacity * 4) pageEntries *= 2;
  // As many stores as there may be events find room, most of them: one that is not aligned takes two entries.
  const undoEntries = Math.max(4096, eventCapacity);
  const slots = 0;
  const control = slots + (CONSTANT_SLOT + CONSTANT_SLOTS) * 8;
  const pageTable = control + CONTROL_WORDS * 4;
  const undo = pageTable + pageEntries * PAGE_ENTRY_WORDS * 4;
  const events = undo + undoEntries * UNDO_WORDS * 4;
  const pages = Math.ceil((events + eventCapacity * EVENT_WORDS * 4) / PAGE_SIZE) * PAGE_SIZE;
  return {
    slots,
    control,
    pageTable,
    pageEntries,
    undo,
    undoEntries,
    events,
    eventCapacity,
    pages,
    pageCapacity,
    totalBytes: pages + pageCapacity * PAGE_SIZE,
  };
}

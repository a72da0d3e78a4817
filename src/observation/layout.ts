/**
 * The fixed binary layout of an observation: 64-bit slots in an Int32Array, slot i with its low half at 2*i and its
 * high half at 2*i+1. What happened in order (loads, stores, STI...) is in the event buffer beside it
 * (src/x86/events.ts); here is the state at the moments that rules speak about.
 *
 * "call" is the wrapped instruction: TDCALL for guest stubs, SEAMCALL for host stubs. The first one of a run is recorded
 * with its registers; the number of calls says whether there were more.
 */
import { MOST_FIELDS } from '../contract/limits.js';
import { readHalves } from '../halves.js';
import { REGISTER_NAMES, type RegisterName } from '../x86/registers.js';

/** How a run ended. */
export const END = {
  /** Reached the caller's return address. */
  returned: 1,
  /** Executed UD2 or INT3. */
  trapped: 2,
  /** Called a function that never returns. */
  stopped: 3,
  /** Any other fault: detail = vector, `faultAddress` for #PF. */
  faulted: 4,
  /** Ran out of the instruction budget. */
  budget: 5,
  /** An instruction, external symbol or environment call that nothing models: no verdict is possible. */
  unknown: 6,
} as const;
export type EndName = keyof typeof END;
export const END_NAMES = Object.keys(END) as EndName[];

/**
 * How the wrapped instruction ended. All but `completed` are SEAMCALL's alone: the module was not entered. Values of a
 * scenario slot and of FACT.outcome.
 */
export const OUTCOME = {
  completed: 0,
  /** CF = 1, no register changes. */
  vmFailInvalid: 1,
  /** #GP: TDX is not enabled by the BIOS. */
  generalProtection: 2,
  /** #UD: the CPU is not in VMX operation. */
  invalidOpcode: 3,
} as const;
export type OutcomeName = keyof typeof OUTCOME;
export const OUTCOME_NAMES = Object.keys(OUTCOME) as OutcomeName[];

/** Number of fields of all argument blocks that a layout has room for. */
export const BLOCK_FIELDS = MOST_FIELDS;

let next = 0;
const take = (count: number): number => {
  const first = next;
  next += count;
  return first;
};

/** Slots of single facts. Hashes are 64 bits. */
export const FACT = {
  /** One of END. */
  end: take(1),
  /** Vector of the fault, or index of the external symbol. */
  endDetail: take(1),
  /** Linear address of the access that faulted, or of the fetch; 0 where there is none. */
  faultAddress: take(1),
  /** 1 if that address lies in the argument block. */
  faultOnBlock: take(1),
  instructions: take(1),
  /** How often the wrapped instruction was executed. */
  calls: take(1),
  /** Hash over the address of every executed instruction. */
  path: take(1),
  /** The path up to the last exit to the host; 0 if there was none. */
  pathToHost: take(1),
  /** Hash over kind, address and size of every data access. */
  addresses: take(1),
  /** Events up to the last exit to the host; 0 if there was none. */
  eventsToHost: take(1),
  /**
   * Of companion G: address of the first instruction before the last exit to the host that accesses memory elsewhere than the base
   * run did, as seen from RSP at the entry and from the argument blocks; 0 if there is none, and of a base run.
   */
  addressesToHost: take(1),
  /**
   * Hash over what the untrusted host saw beyond the general registers of the first call: exposed XMM, and everything
   * of later exits.
   */
  restOfHostView: take(1),
  /** Number of exits to the host. */
  hostExits: take(1),
  /** How often a TD was entered and left. */
  tdExits: take(1),
  /** How the first call ended: one of OUTCOME. */
  outcome: take(1),
  /** STI instructions that the code executed. */
  stiCount: take(1),
  /** 1 if the instruction before the first call was an STI. */
  stiBeforeCall: take(1),
  /** Interrupts and NMIs that were delivered. */
  interrupts: take(1),
  /** Explicit data accesses below RSP. */
  accessesBelowStack: take(1),
  /** Address of the instruction that made the first of them. */
  firstBelowStack: take(1),
  /** Stores that hit neither the free part of the stack nor the block. */
  strayWrites: take(1),
  firstStrayWrite: take(1),
  /** General registers that the answers to the calls wrote, one bit each. */
  answered: take(1),
  /** Return address that the caller put on the stack. */
  returnAddress: take(1),
  /** Of a function that tries again: calls that were answered so that it had to, before the answer of the scenario. */
  refusals: take(1),
  /** General registers that a later try held otherwise than the contract lets it, one bit each. */
  changedInputs: take(1),
} as const;
export type FactName = keyof typeof FACT;

/** 16 general registers in hardware order, then RIP and RFLAGS: the order of the machine's own state. */
const REGISTER_SLOTS = 18;
export const RIP_OFFSET = 16;
export const RFLAGS_OFFSET = 17;

/** Register files: before the first instruction, at the call, after the call was answered, at the end. */
export const MOMENT = {
  initial: take(REGISTER_SLOTS),
  call: take(REGISTER_SLOTS),
  answer: take(REGISTER_SLOTS),
  final: take(REGISTER_SLOTS),
} as const;
export type Moment = keyof typeof MOMENT;

/** The argument block, by field index, before and after. */
export const BLOCK = { initial: take(BLOCK_FIELDS), final: take(BLOCK_FIELDS) } as const;

/** MXCSR, x87 control word, then XMM0-15 as two slots each. */
const VECTOR_SLOTS = 34;
export const VECTOR = { initial: take(VECTOR_SLOTS), final: take(VECTOR_SLOTS) } as const;

/** The general registers behind the first call of a function that tries again; `answer` are those behind the last one. */
export const FIRST_ANSWER = take(REGISTER_SLOTS);

export const OBSERVATION_SLOTS = next;

/** A register name of a rule: a general register, `rflags` or `rip`. */
export type ObservedRegister = RegisterName | 'rflags' | 'rip';

/** Slot of a register at a moment. */
export function registerSlot(moment: Moment, register: ObservedRegister): number {
  if (register === 'rflags') return MOMENT[moment] + RFLAGS_OFFSET;
  if (register === 'rip') return MOMENT[moment] + RIP_OFFSET;
  return MOMENT[moment] + REGISTER_NAMES.indexOf(register);
}

/** Slot of a part of the vector state: `mxcsr`, `x87cw`, `xmm3.low`... */
export function vectorSlot(moment: 'initial' | 'final', part: string): number {
  if (part === 'mxcsr') return VECTOR[moment];
  if (part === 'x87cw') return VECTOR[moment] + 1;
  const match = /^xmm(\d+)\.(low|high)$/.exec(part);
  if (match === null || Number(match[1]) > 15) throw new RangeError(`no vector state ${part}`);
  return VECTOR[moment] + 2 + 2 * Number(match[1]) + (match[2] === 'high' ? 1 : 0);
}

/** A new, empty observation. */
export function createObservation(): Int32Array {
  return new Int32Array(2 * OBSERVATION_SLOTS);
}

/** The 64-bit value of a slot, for people and tests. */
export function slotValue(slots: Int32Array, slot: number): bigint {
  return readHalves(slots, 2 * slot);
}

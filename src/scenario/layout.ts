/**
 * The fixed layout of a scenario: named 64-bit slots in an Int32Array, slot i with its low half at 2*i and its high
 * half at 2*i+1. A scenario is plain values: it can be generated in bulk, stored, and shrunk slot by slot.
 */
import { highHalf, lowHalf, readHalves } from '../halves.js';
import type { Contract, Parameter } from '../contract/contract.js';
import { FIELDS_IN_BULK, MOST_BLOCKS, MOST_FIELDS, MOST_STACK_PARAMETERS, STACK_IN_BULK } from '../contract/limits.js';
import { REGISTER_INDEX, REGISTER_NAMES, type RegisterName } from '../x86/registers.js';

/** How the pointer to the argument block is chosen. */
export const PLACE = {
  /** In memory of its own. */
  valid: 0,
  /** In the caller's frame, right above the return address and any stack parameters. */
  callerFrame: 1,
  /** NULL: legal where the contract says nullable, otherwise a breach by the caller. */
  null: 2,
  unmapped: 3,
  /** The second half of the block lies in an unmapped page. */
  partlyMapped: 4,
  readOnly: 5,
  /** Right below RSP, where the function's own frame will be. */
  overlapsStack: 6,
  /**
   * As `valid`, at an address whose low half is 0, which code that looks at 32 bits of the pointer takes for NULL; or, for half of
   * the offsets, across it, where an addition in 16 or 32 bits loses the carry.
   */
  lowHalfZero: 7,
} as const;
export type PlaceName = keyof typeof PLACE;

/** Whether the block is what a caller owes: readable, writable, apart from the stack that the function may use. */
export function placeIsSound(place: number): boolean {
  return place === PLACE.valid || place === PLACE.callerFrame || place === PLACE.lowHalfZero;
}

export const PLACE_NAMES = Object.keys(PLACE) as PlaceName[];

/** A bit of `stack.offset`: the stack lies across a boundary of 4 GiB, where an addition in 16 or 32 bits loses the carry. */
export const ACROSS_CARRY = 0x100;

/** What happens besides. */
export const FAULT = { none: 0, interrupt: 1, nmi: 2 } as const;
export type FaultName = keyof typeof FAULT;
export const FAULT_NAMES = Object.keys(FAULT) as FaultName[];

/** Registers that a caller can set and a host can answer in: all but RSP. */
const ENTRY_REGISTERS = REGISTER_NAMES.filter((name) => name !== 'rsp');
/** The host never chooses RAX; RCX is answered only by leaves other than TDG.VP.VMCALL. */
const ANSWER_REGISTERS = ENTRY_REGISTERS.filter((name) => name !== 'rax');

export const SLOT_NAMES: readonly string[] = [
  ...ENTRY_REGISTERS.map((name) => `entry.${name}`),
  'entry.rflags',
  ...Array.from({ length: STACK_IN_BULK }, (_, index) => `entry.stack${index}`),
  'stack.offset',
  'block.place',
  'block.offset',
  ...Array.from({ length: FIELDS_IN_BULK }, (_, index) => `block.field${index}`),
  'answer.status',
  ...ANSWER_REGISTERS.map((name) => `answer.${name}`),
  'module.rbpMod',
  'fault.kind',
  'fault.at',
  'fault.value',
  'companion.key',
  'call.outcome',
  'call.refusals',
  'call.refusal',
];
/** Slots of the scenarios of most contracts, which runs in bulk know. */
export const SCENARIO_SLOTS = SLOT_NAMES.length;

/** Where a further block lies in the same place as the one that it may alias; of `blockN.place` alone. */
export const ALIASED = Object.keys(PLACE).length;

/** Slots of contracts with more parameters, blocks or fields: those of the others, and these behind them. */
export const MORE_SLOT_NAMES: readonly string[] = [
  ...SLOT_NAMES,
  ...Array.from({ length: MOST_STACK_PARAMETERS - STACK_IN_BULK }, (_, index) => `entry.stack${STACK_IN_BULK + index}`),
  ...Array.from({ length: MOST_BLOCKS - 1 }, (_, index) => [
    `block${index + 1}.place`,
    `block${index + 1}.offset`,
  ]).flat(),
  ...Array.from({ length: MOST_FIELDS - FIELDS_IN_BULK }, (_, index) => `block.field${FIELDS_IN_BULK + index}`),
];

const INDEX = new Map(MORE_SLOT_NAMES.map((name, index) => [name, index]));

/** The slots of a contract's scenarios, in order. */
export function slotNamesOf({ forBulk }: { forBulk: boolean }): readonly string[] {
  return forBulk ? SLOT_NAMES : MORE_SLOT_NAMES;
}

/** Index of a slot. @throws RangeError for a name that the layout does not have */
export function scenarioSlot(name: string): number {
  const index = INDEX.get(name);
  if (index === undefined) throw new RangeError(`no scenario slot ${name}`);
  return index;
}

/**
 * RFLAGS bits that a caller may arrive with: CF PF AF ZF SF IF OF IOPL NT AC VIF VIP ID. DF and TF are 0 at every call (System V
 * and Microsoft x64 ABI), RF is 0 behind the CALL that led there, VM in 64-bit mode (Intel SDM volume 1, 3.4.3), and the
 * others are reserved. Which of them a contract's callers arrive with: `callerFlags`.
 */
export const CALLER_FLAGS = 0x003c7ad5;
/** RFLAGS bit 1 always reads 1 (Intel SDM volume 1, 3.4.3). */
export const FIXED_FLAGS = 0x2;

/** RFLAGS.AC (Intel SDM volume 1, 3.4.3). */
const ALIGNMENT_CHECK = 0x40000;
/**
 * Those of kernel code. AC is 0 there: it lets the kernel into the memory of users, and only between STAC and CLAC is it 1, where
 * nothing is called.
 */
export const KERNEL_FLAGS = CALLER_FLAGS & ~ALIGNMENT_CHECK;

/** The flags with which callers of a contract arrive. Kernel code is what leaves the vector state alone. */
export function callerFlags({ contract }: { contract: Pick<Contract, 'vectorState'> }): number {
  return contract.vectorState === 'untouched' ? KERNEL_FLAGS : CALLER_FLAGS;
}

/** The slots that code looks up by number. Registers that have no slot (RSP, RAX of an answer) are -1. */
export const SLOT = {
  entry: registerSlots('entry', ENTRY_REGISTERS),
  entryFlags: scenarioSlot('entry.rflags'),
  entryStack: scenarioSlot('entry.stack0'),
  stackOffset: scenarioSlot('stack.offset'),
  blockPlace: scenarioSlot('block.place'),
  blockOffset: scenarioSlot('block.offset'),
  blockField: scenarioSlot('block.field0'),
  answerStatus: scenarioSlot('answer.status'),
  answer: registerSlots('answer', ANSWER_REGISTERS),
  /** 0: the TD has NO_RBP_MOD (what Linux requires); 1: it has not. */
  rbpMod: scenarioSlot('module.rbpMod'),
  faultKind: scenarioSlot('fault.kind'),
  faultAt: scenarioSlot('fault.at'),
  faultValue: scenarioSlot('fault.value'),
  /** How companion runs change a value: 0 flips every bit, anything else those that a hash of it and the slot picks. */
  companionKey: scenarioSlot('companion.key'),
  /** How SEAMCALL ends: one of OUTCOME (src/observation/layout.ts). */
  outcome: scenarioSlot('call.outcome'),
  /** Of a function that tries again: calls that are first answered so that it has to. */
  refusals: scenarioSlot('call.refusals'),
  /** What those answers are, and the bits of them that the contract leaves open. */
  refusal: scenarioSlot('call.refusal'),
} as const;

function registerSlots(prefix: string, registers: readonly RegisterName[]): Int8Array {
  const slots = new Int8Array(16).fill(-1);
  for (const name of registers) slots[REGISTER_INDEX[name]] = scenarioSlot(`${prefix}.${name}`);
  return slots;
}

/** The slot in which the value of a parameter lies. */
export function parameterSlot(place: Parameter['place']): number {
  return 'register' in place ? SLOT.entry[REGISTER_INDEX[place.register]] : stackSlot(place.stack);
}

/** The slot of the k-th stack parameter. */
export function stackSlot(index: number): number {
  return index < STACK_IN_BULK ? SLOT.entryStack + index : MORE.stack + index - STACK_IN_BULK;
}

/** The slot of a field by its index among those of all blocks. */
export function fieldSlot(index: number): number {
  return index < FIELDS_IN_BULK ? SLOT.blockField + index : MORE.field + index - FIELDS_IN_BULK;
}

/** The slots that say where a block lies. */
export function placeSlots(block: number): { place: number; offset: number } {
  if (block === 0) return { place: SLOT.blockPlace, offset: SLOT.blockOffset };
  const place = MORE.blocks + 2 * (block - 1);
  return { place, offset: place + 1 };
}

const MORE = {
  stack: scenarioSlot(`entry.stack${STACK_IN_BULK}`),
  blocks: scenarioSlot('block1.place'),
  field: scenarioSlot(`block.field${FIELDS_IN_BULK}`),
} as const;

/** A scenario: two halves for each of the contract's slots. */
export type Scenario = Int32Array;

/** @param slots how many of them: as many as `slotNamesOf` has for the contract */
export function createScenario(slots = SCENARIO_SLOTS): Scenario {
  return new Int32Array(2 * slots);
}

/** Reads a slot as a bigint, for people. */
export function readSlot(scenario: Scenario, slot: number): bigint {
  return readHalves(scenario, 2 * slot);
}

/** Writes the low 64 bits of `value`. */
export function writeSlot(scenario: Scenario, slot: number, value: bigint): void {
  scenario[2 * slot] = lowHalf(value);
  scenario[2 * slot + 1] = highHalf(value);
}

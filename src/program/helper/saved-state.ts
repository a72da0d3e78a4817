/** The structures that a #VE handler works on: saved registers, and the record of what happened. */
import { PT_REGS, PT_REGS_NAMES, VE_INFO } from '../../../models/abi/linux-structs.js';
import type { Values } from '../../../models/exchange/exchange.js';

import type { Place, ProgramStage } from '../../stage/program-stage.js';
import { anyValue, below, either, mostly, oneOf, uniform } from '../../story/draws.js';
import type { StorySlot } from '../../story/story.js';
import { anything, interruptsSlot, slot, type Slots } from './slots.js';

const PT_REGS_BYTES = PT_REGS.ss + 8;
const VE_INFO_BYTES = VE_INFO.instr_info + 4;
/** Selectors of code: bits 1:0 are the privilege level (Linux, arch/x86: __KERNEL_CS and __USER_CS). */
const KERNEL_CODE = 0x10n;
const USER_CODE = 0x33n;
/** No instruction is longer (Intel SDM volume 2, 2.3.11). */
const LONGEST = 15n;

const registerSlot = (name: string, index: number): [string, StorySlot] => [
  `regs.${name}`,
  anything(`the saved ${name}`, 0xace0_0000_0000_0000n + BigInt(index)),
];

/** Saved registers, why #VE came, and the length that TDX reports. */
export const EXCEPTION_SLOTS: Slots = {
  ...Object.fromEntries(PT_REGS_NAMES.map(registerSlot)),
  'regs.cs': slot('the saved cs', mostly(oneOf(KERNEL_CODE), oneOf(USER_CODE)), KERNEL_CODE),
  've.exit_qual': anything('the exit qualification'),
  've.gla': anything('the linear address'),
  've.gpa': anything('the guest-physical address'),
  've.instr_len': slot('the instruction length that TDX reports', (dice) => 1n + below(Number(LONGEST))(dice), 2n),
  've.instr_info': slot('the instruction information', either(uniform, anyValue)),
  if: interruptsSlot,
};

/** Shrinking leaves the lengths that instructions have. */
export function isFairException(values: Values): boolean {
  return values['ve.instr_len'] >= 1n && values['ve.instr_len'] <= LONGEST;
}

/** A structure in memory, and the places of its fields. */
export interface LaidOut {
  readonly address: bigint;
  readonly outputs: Readonly<Record<string, Place>>;
}

/** A field: under which name a story has it, and where it lies. */
interface Field {
  readonly slot: string;
  readonly place: Place;
}

interface Described extends LaidOut {
  readonly fields: readonly Field[];
}

const SAVED = PT_REGS_NAMES.map((name) => ({ slot: `regs.${name}`, offset: PT_REGS[name], bytes: 8 as const }));
const RECORD = Object.entries(VE_INFO).map(([name, offset]) => ({
  slot: `ve.${name}`,
  offset,
  bytes: name.startsWith('instr_') ? (4 as const) : (8 as const),
}));

/** Stories lay out the same structures at the same addresses: each is described once. */
function describer(shape: typeof SAVED | typeof RECORD): (address: bigint) => Described {
  const known = new Map<bigint, Described>();
  return (address) => {
    let found = known.get(address);
    if (found === undefined) {
      const fields = shape.map(({ slot: name, offset, bytes }): Field => ({
        slot: name,
        place: { address: address + BigInt(offset), bytes },
      }));
      found = { address, fields, outputs: Object.fromEntries(fields.map(({ slot: name, place }) => [name, place])) };
      known.set(address, found);
    }
    return found;
  };
}

const savedAt = describer(SAVED);
const recordAt = describer(RECORD);

function layOut(stage: ProgramStage, described: Described, values: Values): LaidOut {
  for (const { slot: name, place } of described.fields) {
    const value = values[name];
    if (value !== undefined) stage.write(place.address, value, place.bytes);
  }
  return described;
}

/** A structure of saved registers, and the places of all its fields. */
export function laySavedRegisters(stage: ProgramStage, values: Values): LaidOut {
  return layOut(stage, savedAt(stage.allocate(PT_REGS_BYTES)), values);
}

/** A record of #VE, filled in, and the places of its fields. */
export function layRecord(stage: ProgramStage, values: Values): LaidOut {
  return layOut(stage, recordAt(stage.allocate(VE_INFO_BYTES)), values);
}

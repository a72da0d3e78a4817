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

/** A structure of saved registers, and the places of all its fields. */
export function laySavedRegisters(
  stage: ProgramStage,
  values: Values,
): { address: bigint; outputs: Record<string, Place> } {
  const address = stage.allocate(PT_REGS_BYTES);
  const outputs: Record<string, Place> = {};
  for (const name of PT_REGS_NAMES) {
    const place: Place = { address: address + BigInt(PT_REGS[name]), bytes: 8 };
    stage.write(place.address, values[`regs.${name}`]);
    outputs[`regs.${name}`] = place;
  }
  return { address, outputs };
}

/** A record of #VE, filled in, and the places of its fields. */
export function layRecord(stage: ProgramStage, values: Values): { address: bigint; outputs: Record<string, Place> } {
  const address = stage.allocate(VE_INFO_BYTES);
  const outputs: Record<string, Place> = {};
  for (const [name, offset] of Object.entries(VE_INFO)) {
    const bytes = name.startsWith('instr_') ? 4 : 8;
    const place: Place = { address: address + BigInt(offset), bytes };
    const value = values[`ve.${name}`];
    if (value !== undefined) stage.write(place.address, value, bytes);
    outputs[`ve.${name}`] = place;
  }
  return { address, outputs };
}

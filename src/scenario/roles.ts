/**
 * What each slot of a scenario is to one contract: whether the code reads it, whether the host chose it, whether it is
 * a guest secret. Neutral values, companion runs and the order of "simpler" all follow from this.
 */
import type { CompiledContract } from '../contract/compiled.js';
import { assumedRbpMod } from './assumed.js';
import { fieldSlot, parameterSlot, placeSlots, slotNamesOf, SLOT } from './layout.js';

export const ROLE = {
  /** Not part of this contract: always neutral, never drawn. */
  unused: 0,
  /** The contract says the function reads it: a flag, a leaf, a plain value, a block field that becomes an input. */
  argument: 1,
  /** The function has no business with it, and the host must not learn it. */
  secret: 2,
  /** What the host or the module answers. */
  answer: 3,
  /** Placement, configuration, faults. */
  control: 4,
} as const;
export type Role = (typeof ROLE)[keyof typeof ROLE];

/** Role of each slot. */
export function slotRoles(compiled: CompiledContract): Uint8Array {
  const { contract } = compiled;
  const roles = new Uint8Array(slotNamesOf(compiled).length);
  for (const slot of SLOT.entry) if (slot >= 0) roles[slot] = ROLE.secret;
  roles[SLOT.entryFlags] = ROLE.control;
  roles[SLOT.stackOffset] = ROLE.control;
  for (const parameter of contract.parameters) {
    const slot = parameterSlot(parameter.place);
    // A pointer is not drawn as a value: `block.place` and `block.offset` decide it.
    roles[slot] = parameter.kind === 'block' ? ROLE.unused : ROLE.argument;
  }
  for (const { index } of compiled.blocks) {
    const { place, offset } = placeSlots(index);
    roles[place] = ROLE.control;
    roles[offset] = ROLE.control;
  }
  compiled.fields.forEach((_, index) => {
    const isRead = compiled.fieldRegister[index] >= 0 || compiled.passedParts.some(({ field }) => field === index);
    roles[fieldSlot(index)] = isRead ? ROLE.argument : ROLE.secret;
  });
  roles[SLOT.answerStatus] = ROLE.answer;
  for (const slot of SLOT.answer) if (slot >= 0) roles[slot] = ROLE.answer;
  roles[SLOT.rbpMod] = assumedRbpMod(contract) === undefined ? ROLE.control : ROLE.unused;
  roles[SLOT.faultKind] = ROLE.control;
  roles[SLOT.faultAt] = ROLE.control;
  roles[SLOT.faultValue] = ROLE.control;
  roles[SLOT.companionKey] = ROLE.control;
  if (contract.notEntered !== undefined) roles[SLOT.outcome] = ROLE.control;
  if (contract.retry !== undefined) {
    roles[SLOT.refusals] = ROLE.control;
    roles[SLOT.refusal] = ROLE.control;
  }
  return roles;
}

/** Names and values of scenario slots as the person who reads a counterexample knows them. */
import { describeStatus } from '../../models/abi/status.js';
import type { CompiledContract } from '../contract/compiled.js';
import {
  ALIASED,
  FAULT_NAMES,
  fieldSlot,
  parameterSlot,
  PLACE_NAMES,
  placeSlots,
  SLOT,
  scenarioSlot,
} from '../scenario/layout.js';

/** How SEAMCALL ends, by number (OUTCOME). */
const OUTCOMES = ['it completes', 'CF = 1 (VMfailInvalid)', 'it raises #GP', 'it raises #UD'] as const;

export interface SlotText {
  name: string;
  value: string;
}

/** @param value as in case files: `0x...` */
export function describeSlot(compiled: CompiledContract, slotName: string, value: string): SlotText {
  const slot = scenarioSlot(slotName);
  const number = BigInt(value);
  const parameter = compiled.contract.parameters.find(({ place }) => parameterSlot(place) === slot);
  if (parameter?.kind === 'flags') {
    const set = Object.entries(parameter.bits).filter(([, bit]) => (number & BigInt(bit)) !== 0n);
    return {
      name: `${slotName} (${parameter.name})`,
      value: `${value} ${set.map(([name]) => name).join(' | ')}`.trim(),
    };
  }
  if (parameter !== undefined) return { name: `${slotName} (${parameter.name})`, value };
  const field = compiled.fields.find((_, index) => fieldSlot(index) === slot);
  if (field !== undefined) {
    const { parameter } = compiled.blocks[field.block];
    const prefix = parameter.layout === undefined ? `${parameter.name}.` : '';
    return { name: `${slotName} (${prefix}${field.name})`, value };
  }
  const further = compiled.blocks.find(({ index }) => index > 0 && placeSlots(index).place === slot);
  if (further !== undefined) {
    const place = number === BigInt(ALIASED) ? `where ${further.parameter.mayAlias} lies` : PLACE_NAMES[Number(number)];
    return { name: `${slotName} (${further.parameter.name})`, value: `${value} ${place ?? 'valid'}` };
  }
  switch (slot) {
    case SLOT.blockPlace:
      return {
        name: compiled.blocks.length > 1 ? `${slotName} (${compiled.blockParameter?.name})` : slotName,
        value: `${value} ${PLACE_NAMES[Number(number)] ?? 'valid'}`,
      };
    case SLOT.faultKind:
      return { name: slotName, value: `${value} ${FAULT_NAMES[Number(number)] ?? 'none'}` };
    case SLOT.faultAt:
      return { name: slotName, value: `${value} before instruction ${number}` };
    case SLOT.answerStatus:
      return {
        name: `${slotName} (RAX of ${compiled.contract.instruction.toUpperCase()})`,
        value: number >> 63n === 1n ? `${value} ${describeStatus(number)}` : value,
      };
    case SLOT.rbpMod:
      return { name: slotName, value: `${value} the TD has ${number === 0n ? '' : 'no '}NO_RBP_MOD` };
    case SLOT.outcome:
      return { name: slotName, value: `${value} ${OUTCOMES[Number(number & 3n)]}` };
    case SLOT.companionKey:
      return { name: slotName, value: `${value} how the companion run changes values` };
    default:
      return { name: slotName, value };
  }
}

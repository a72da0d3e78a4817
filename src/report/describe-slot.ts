/** Names and values of scenario slots as the person who reads a counterexample knows them. */
import { wordOf } from '../../models/abi/words.js';
import type { CompiledContract } from '../contract/compiled.js';
import { worded } from '../text/worded.js';
import { flagsText } from '../x86/flags.js';
import { REGISTER_INDEX } from '../x86/registers.js';
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
const OUTCOMES = ['it completes', 'VMfailInvalid: CF is 1', 'it raises #GP', 'it raises #UD'] as const;

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
      value: worded(value, set.map(([name]) => name).join(' | ')),
    };
  }
  if (parameter !== undefined) {
    const word = parameter.kind === 'leaf' ? leafWord(compiled, number) : undefined;
    return { name: `${slotName} (${parameter.name})`, value: worded(value, word) };
  }
  const index = compiled.fields.findIndex((_, at) => fieldSlot(at) === slot);
  const field = compiled.fields[index];
  if (field !== undefined) {
    const { parameter } = compiled.blocks[field.block];
    const prefix = parameter.layout === undefined ? `${parameter.name}.` : '';
    return { name: `${slotName} (${prefix}${field.name})`, value: worded(value, fieldWord(compiled, index, number)) };
  }
  const further = compiled.blocks.find(({ index }) => index > 0 && placeSlots(index).place === slot);
  if (further !== undefined) {
    const place = number === BigInt(ALIASED) ? `where ${further.parameter.mayAlias} lies` : PLACE_NAMES[Number(number)];
    return { name: `${slotName} (${further.parameter.name})`, value: worded(value, place ?? 'valid') };
  }
  switch (slot) {
    case SLOT.blockPlace:
      return {
        name: compiled.blocks.length > 1 ? `${slotName} (${compiled.blockParameter?.name})` : slotName,
        value: worded(value, PLACE_NAMES[Number(number)] ?? 'valid'),
      };
    case SLOT.faultKind:
      return { name: slotName, value: worded(value, FAULT_NAMES[Number(number)] ?? 'none') };
    case SLOT.faultAt:
      return { name: slotName, value: worded(value, `before instruction ${number}`) };
    case SLOT.answerStatus:
      return {
        name: `${slotName} (RAX of ${compiled.contract.instruction.toUpperCase()})`,
        value: worded(value, statusWord(compiled, number)),
      };
    case SLOT.rbpMod:
      return { name: slotName, value: worded(value, `the TD has ${number === 0n ? '' : 'no '}NO_RBP_MOD`) };
    case SLOT.outcome:
      return { name: slotName, value: worded(value, OUTCOMES[Number(number & 3n)]) };
    case SLOT.companionKey:
      return { name: slotName, value: worded(value, 'how the companion run changes values') };
    case SLOT.entryFlags:
      return { name: slotName, value: worded(value, flagsText(Number(BigInt.asUintN(32, number)))) };
    case ANSWERED_R10:
      return { name: slotName, value: compiled.reachesHost ? worded(value, wordOf('tdvmcall-status', number)) : value };
    default:
      return { name: slotName, value };
  }
}

const ANSWERED_R10 = scenarioSlot('answer.r10');

function statusWord({ contract: { instruction } }: CompiledContract, value: bigint): string | undefined {
  return wordOf(instruction === 'tdcall' ? 'tdcall-status' : 'seamcall-status', value);
}

function leafWord({ contract: { instruction } }: CompiledContract, value: bigint): string | undefined {
  return wordOf(instruction === 'tdcall' ? 'tdcall-leaf' : 'seamcall-leaf', value);
}

/** What a field is called by the register that it must be in at the call. */
function fieldWord(compiled: CompiledContract, field: number, value: bigint): string | undefined {
  if (field === compiled.leafField) return leafWord(compiled, value);
  if (field === compiled.maskField) return compiled.reachesHost ? wordOf('registers', value) : undefined;
  const isSubFunction = compiled.reachesHost && compiled.fieldRegister[field] === REGISTER_INDEX.r11;
  return isSubFunction ? wordOf('sub-function', value) : undefined;
}

/** Which calls are the function's to answer for: those that drawing makes, whatever bits a value is made of. */
import { NEVER_EXPOSED } from '../../models/abi/registers.js';
import type { CompiledContract } from '../contract/compiled.js';
import {
  ALIASED,
  callerFlags,
  FAULT_NAMES,
  fieldSlot,
  parameterSlot,
  PLACE_NAMES,
  placeSlots,
  type Scenario,
  SLOT,
} from './layout.js';
import { leafIsFair, leafMask } from './leaf-slot.js';
import { parameterBits } from './narrow.js';
import type { ScenarioSpace } from './space.js';

/** Whether leaf, exposure mask and control values of a scenario are such that its function may be called with them. */
export function isFair(space: ScenarioSpace, scenario: Scenario): boolean {
  const { leafSlot, maskSlot, compiled } = space;
  if (scenario[2 * SLOT.blockPlace] >= PLACE_NAMES.length || scenario[2 * SLOT.faultKind] >= FAULT_NAMES.length)
    return false;
  for (const { index, alias } of compiled.blocks.slice(1))
    if (scenario[2 * placeSlots(index).place] >= (alias >= 0 ? ALIASED + 1 : PLACE_NAMES.length)) return false;
  const low = leafSlot < 0 ? 0 : scenario[2 * leafSlot] & leafMask(compiled);
  if (leafSlot >= 0 && !leafIsFair(compiled, low, scenario[2 * leafSlot + 1])) return false;
  // The field is an ordinary argument of every other leaf.
  if (maskSlot < 0 || (low & 0xffff) !== 0) return true;
  const mask = scenario[2 * maskSlot];
  const hasUpper = compiled.fields[compiled.maskField].bytes === 8;
  const refused = (hasUpper && scenario[2 * maskSlot + 1] !== 0) || (mask & NEVER_EXPOSED) !== 0;
  return refused || (mask & ~compiled.widestMask) === 0;
}

/** The bits of a slot that the harness looks at. */
export function meaningfulBits({ flagsSlot, compiled }: ScenarioSpace, slot: number): bigint {
  const narrow = compiled.forBulk ? undefined : narrowBits(compiled, slot);
  if (slot === flagsSlot) return BigInt(compiled.flagMask >>> 0) | compiled.openFlags | ((narrow ?? 0n) & ~0xffffffffn);
  if (slot === SLOT.entryFlags) return BigInt(callerFlags(compiled));
  return NARROW.get(slot) ?? narrow ?? (1n << 64n) - 1n;
}

/** The bits of narrow parameters and fields, and of where further blocks lie; undefined of any other slot. */
function narrowBits(compiled: CompiledContract, slot: number): bigint | undefined {
  const parameter = compiled.narrowParameters.find((one) => parameterSlot(one.parameter.place) === slot);
  if (parameter !== undefined) return parameterBits(parameter, compiled.contract.convention);
  const field = compiled.fields.find((_, index) => fieldSlot(index) === slot);
  if (field !== undefined) return (1n << BigInt(8 * field.bytes)) - 1n;
  const block = compiled.blocks.find(({ index }) => index > 0 && [0, 1].includes(slot - placeSlots(index).place));
  if (block === undefined) return undefined;
  return slot === placeSlots(block.index).offset ? 0xffn : 15n;
}

const NARROW: ReadonlyMap<number, bigint> = new Map([
  [SLOT.blockPlace, 7n],
  [SLOT.stackOffset, 0x1ffn],
  [SLOT.blockOffset, 0xffn],
  [SLOT.rbpMod, 1n],
  [SLOT.faultKind, 3n],
  [SLOT.faultAt, 0xffffn],
  [SLOT.outcome, 3n],
  [SLOT.refusals, 0x7fn],
]);

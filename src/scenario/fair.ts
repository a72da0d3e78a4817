/** Which calls are the function's to answer for: those that drawing makes, whatever bits a value is made of. */
import { NEVER_EXPOSED } from '../../models/abi/registers.js';
import { CALLER_FLAGS, FAULT_NAMES, PLACE_NAMES, type Scenario, SLOT } from './layout.js';
import { leafIsFair } from './leaf-slot.js';
import type { ScenarioSpace } from './space.js';

/** Whether leaf, exposure mask and control values of a scenario are such that its function may be called with them. */
export function isFair(space: ScenarioSpace, scenario: Scenario): boolean {
  const { leafSlot, maskSlot, compiled } = space;
  if (scenario[2 * SLOT.blockPlace] >= PLACE_NAMES.length || scenario[2 * SLOT.faultKind] >= FAULT_NAMES.length)
    return false;
  const low = leafSlot < 0 ? 0 : scenario[2 * leafSlot];
  if (leafSlot >= 0 && !leafIsFair(compiled, low, scenario[2 * leafSlot + 1])) return false;
  // The field is an ordinary argument of every other leaf.
  if (maskSlot < 0 || (low & 0xffff) !== 0) return true;
  const mask = scenario[2 * maskSlot];
  const refused = scenario[2 * maskSlot + 1] !== 0 || (mask & NEVER_EXPOSED) !== 0;
  return refused || (mask & ~compiled.widestMask) === 0;
}

/** The bits of a slot that the harness looks at. */
export function meaningfulBits({ flagsSlot, compiled }: ScenarioSpace, slot: number): bigint {
  if (slot === flagsSlot) return BigInt(compiled.flagMask >>> 0);
  return NARROW.get(slot) ?? (1n << 64n) - 1n;
}

const NARROW: ReadonlyMap<number, bigint> = new Map([
  [SLOT.blockPlace, 7n],
  [SLOT.entryFlags, BigInt(CALLER_FLAGS)],
  [SLOT.stackOffset, 0xffn],
  [SLOT.blockOffset, 0xffn],
  [SLOT.rbpMod, 1n],
  [SLOT.faultKind, 3n],
  [SLOT.faultAt, 0xffffn],
  [SLOT.outcome, 3n],
  [SLOT.refusals, 0x7fn],
]);

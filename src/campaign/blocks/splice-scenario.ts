/** New scenarios from an old one: a few slots are taken from a fresh draw, the others stay. */
import type { Dice } from '../../story/dice.js';
import type { Scenario } from '../../scenario/layout.js';
import { ROLE } from '../../scenario/roles.js';
import type { ScenarioSpace } from '../../scenario/space.js';

/** Slots that are taken at most. */
const MOST = 8;

/** @param donor a fresh draw of the same space; it is not changed */
export function spliceScenario(space: ScenarioSpace, parent: Scenario, donor: Scenario, dice: Dice): Scenario {
  const child = parent.slice();
  const slots = drawnSlots(space);
  const take = (slot: number): void => {
    child[2 * slot] = donor[2 * slot];
    child[2 * slot + 1] = donor[2 * slot + 1];
  };
  for (let left = 1 + dice.below(MOST); left > 0; left--) {
    const slot = slots[dice.below(slots.length)];
    // Which masks may be asked for depends on the leaf: the two come from one draw.
    if (slot === space.leafSlot || slot === space.maskSlot)
      for (const both of [space.leafSlot, space.maskSlot]) if (both >= 0) take(both);
    if (slot !== space.leafSlot && slot !== space.maskSlot) take(slot);
  }
  return child;
}

const DRAWN = new WeakMap<ScenarioSpace, number[]>();

/** Slots that are part of the contract. */
function drawnSlots(space: ScenarioSpace): number[] {
  let slots = DRAWN.get(space);
  if (slots === undefined) {
    slots = Array.from(space.roles.keys()).filter((slot) => space.roles[slot] !== ROLE.unused);
    DRAWN.set(space, slots);
  }
  return slots;
}

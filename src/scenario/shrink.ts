/**
 * What "simpler" means, written down once.
 *
 * A scenario is simpler than another if fewer of its slots differ from the neutral scenario; between equals, if the
 * values that the code interprets have fewer bits set. So the passes, in order of how much they can remove:
 *
 *  1. everything neutral at once;
 *  2. a whole group neutral: faults and placement, answers, secrets, arguments;
 *  3. one slot neutral;
 *  4. in a slot that the code interprets (arguments, status, faults, placement): clear half of the bits, then
 *     quarters, then single bits. Clearing bits is monotone and needs at most 64 steps; counting down would need
 *     thousands (facts/engine-measurements.md). A leaf that the function may not be called with is no candidate.
 *
 * Values that nobody interprets (secrets, host answers) are either neutral or left as they are: a smaller secret is
 * not a simpler one. No pass has a side effect, since fast-check calls shrink during replay without running anything.
 */
import { readSlot, SCENARIO_SLOTS, type Scenario, SLOT } from './layout.js';
import { leafIsFair } from './leaf-slot.js';
import { ROLE } from './roles.js';
import type { ScenarioSpace } from './space.js';

const GROUPS: readonly number[] = [ROLE.control, ROLE.answer, ROLE.secret, ROLE.argument];

/** Candidates simpler than `scenario`, lazily, most promising first. */
export function* shrinkScenario(scenario: Scenario, space: ScenarioSpace): Generator<Scenario> {
  const different = differingSlots(scenario, space.neutral);
  if (different.length === 0) return;
  yield space.neutral.slice();
  for (const role of GROUPS) {
    const group = different.filter((slot) => space.roles[slot] === role);
    if (group.length > 1 && group.length < different.length) yield withNeutral(scenario, space.neutral, group);
  }
  if (different.length > 1) for (const slot of different) yield withNeutral(scenario, space.neutral, [slot]);
  for (const slot of different)
    if (interpreted(slot, space))
      for (const simpler of clearBits(scenario, slot, readSlot(space.neutral, slot)))
        if (slot !== space.leafSlot || leafIsFair(space.compiled, simpler[2 * slot], simpler[2 * slot + 1]))
          yield simpler;
}

/** Slots in which two scenarios differ. */
export function differingSlots(scenario: Scenario, neutral: Scenario): number[] {
  const slots: number[] = [];
  for (let slot = 0; slot < SCENARIO_SLOTS; slot++) {
    if (scenario[2 * slot] !== neutral[2 * slot] || scenario[2 * slot + 1] !== neutral[2 * slot + 1]) slots.push(slot);
  }
  return slots;
}

function withNeutral(scenario: Scenario, neutral: Scenario, slots: readonly number[]): Scenario {
  const simpler = scenario.slice();
  for (const slot of slots) {
    simpler[2 * slot] = neutral[2 * slot];
    simpler[2 * slot + 1] = neutral[2 * slot + 1];
  }
  return simpler;
}

function interpreted(slot: number, space: ScenarioSpace): boolean {
  const role = space.roles[slot];
  return role === ROLE.argument || slot === SLOT.answerStatus || (role === ROLE.control && slot !== SLOT.faultValue);
}

/** @param neutral value of the slot that was tried already */
function* clearBits(scenario: Scenario, slot: number, neutral: bigint): Generator<Scenario> {
  const tried = new Set([neutral]);
  for (let width = 32; width >= 1; width >>= 1) {
    const mask = width === 32 ? -1 : (1 << width) - 1;
    for (let bit = 64 - width; bit >= 0; bit -= width) {
      const half = 2 * slot + (bit >= 32 ? 1 : 0);
      const cleared = scenario[half] & ~(mask << (bit & 31));
      if (cleared === scenario[half]) continue;
      const simpler = scenario.slice();
      simpler[half] = cleared;
      const value = readSlot(simpler, slot);
      if (tried.has(value)) continue;
      tried.add(value);
      yield simpler;
    }
  }
}

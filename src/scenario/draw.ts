/** Draws one scenario from the mixture of DESIGN.md ("Scenarios"). Allocates only the scenario itself. */
import { drawLeaf } from './draw-leaf.js';
import { drawMask } from './draw-mask.js';
import { CALLER_FLAGS, FAULT, FIXED_FLAGS, PLACE, SCENARIO_SLOTS, type Scenario, SLOT } from './layout.js';
import type { Random } from './random.js';
import { ROLE } from './roles.js';
import type { ScenarioSpace } from './space.js';

/** Edges as pairs (low, high): zero, one, all ones, signs, 32-bit edges, page edges, canonical edges of 48 and 57 bits. */
const EDGES = new Int32Array([
  0, 0, 1, 0, -1, -1, 0, 0x80000000, -1, 0x7fffffff, -1, 0, 0, 1, 0x80000000, 0, 0x7fffffff, 0, 0x80000000, -1, 0x1000,
  0, 0xfff, 0, -1, 0x7fff, 0, 0xffff8000, -1, 0x00ffffff, 0, 0xff000000, -4096, -1, 0xff, 0, 0x100, 0, 0xffff, 0,
  0x10000, 0,
]);

export function drawScenario(space: ScenarioSpace, random: Random): Scenario {
  const scenario = space.neutral.slice();
  const { roles } = space;
  for (let slot = 0; slot < SCENARIO_SLOTS; slot++) {
    if (roles[slot] !== ROLE.unused && roles[slot] !== ROLE.control) drawValue(scenario, slot, space, random);
  }
  drawFlags(scenario, space, random);
  if (space.leafSlot >= 0) drawLeaf(scenario, space, random);
  if (space.maskSlot >= 0) drawMask(scenario, space, random);
  drawStatus(scenario, space, random);
  drawPlacement(scenario, space, random);
  drawFault(scenario, space, random);
  return scenario;
}

/** One 64-bit value: uniform bits (which also serve as graffiti), edges, ABI constants, small numbers, single bits, another slot's value. */
export function drawValue(scenario: Scenario, slot: number, space: ScenarioSpace, random: Random): void {
  const kind = random.next() >>> 28;
  if (kind < 9) {
    set(scenario, slot, random.next(), random.next());
  } else if (kind < 11) {
    const edge = 2 * random.below(EDGES.length >> 1);
    set(scenario, slot, EDGES[edge], EDGES[edge + 1]);
  } else if (kind < 13) {
    const word = 2 * random.below(space.dictionary.length >> 1);
    set(scenario, slot, space.dictionary[word], space.dictionary[word + 1]);
  } else if (kind < 14) {
    if (random.chance(128)) set(scenario, slot, random.below(256), 0);
    else setBit(scenario, slot, random);
  } else {
    const other = random.below(SCENARIO_SLOTS);
    set(scenario, slot, scenario[2 * other], scenario[2 * other + 1]);
  }
}

function drawFlags(scenario: Scenario, space: ScenarioSpace, random: Random): void {
  const caller = (random.next() & CALLER_FLAGS) | FIXED_FLAGS;
  set(scenario, SLOT.entryFlags, caller, 0);
  // Any combination of the flags that the contract defines; other bits are the caller's mistake.
  if (space.flagsSlot >= 0) set(scenario, space.flagsSlot, random.next() & space.compiled.flagMask, 0);
}

/** Success in most cases; a failure is any value but 0: each half 0 at times, bit 63 clear at times, one bit alone at times. */
function drawStatus(scenario: Scenario, space: ScenarioSpace, random: Random): void {
  if (!random.chance(56)) {
    set(scenario, SLOT.answerStatus, 0, 0);
    return;
  }
  const low = random.next() | 1;
  const high = random.next();
  switch (random.below(6)) {
    case 0:
      return set(scenario, SLOT.answerStatus, low, 0);
    case 1:
      return set(scenario, SLOT.answerStatus, 0, high | 0x80000000);
    case 2:
      return set(scenario, SLOT.answerStatus, low, high & 0x7fffffff);
    case 3: {
      const word = 2 * random.below(space.dictionary.length >> 1);
      const zero = space.dictionary[word] === 0 && space.dictionary[word + 1] === 0;
      return set(scenario, SLOT.answerStatus, zero ? 1 : space.dictionary[word], space.dictionary[word + 1]);
    }
    case 4:
      return setBit(scenario, SLOT.answerStatus, random);
    default:
      return set(scenario, SLOT.answerStatus, low, high);
  }
}

function drawPlacement(scenario: Scenario, space: ScenarioSpace, random: Random): void {
  set(scenario, SLOT.stackOffset, random.below(256), 0);
  if (space.roles[SLOT.blockPlace] === ROLE.unused) return;
  const kind = random.next() >>> 26;
  let place: number = PLACE.valid;
  if (kind < 12) place = PLACE.callerFrame;
  else if (kind < 16) place = PLACE.null;
  else if (kind < 18) place = PLACE.unmapped;
  else if (kind < 20) place = PLACE.partlyMapped;
  else if (kind < 22) place = PLACE.readOnly;
  else if (kind < 24) place = PLACE.overlapsStack;
  else if (kind < 28) place = PLACE.lowHalfZero;
  set(scenario, SLOT.blockPlace, place, 0);
  set(scenario, SLOT.blockOffset, random.below(256), 0);
}

function drawFault(scenario: Scenario, space: ScenarioSpace, random: Random): void {
  const kind = random.next() >>> 29;
  set(scenario, SLOT.faultKind, kind === 0 ? FAULT.interrupt : kind === 1 ? FAULT.nmi : FAULT.none, 0);
  if (kind < 2) set(scenario, SLOT.faultAt, random.below(space.instructions + 1), 0);
  set(scenario, SLOT.faultValue, random.next(), random.next());
  set(scenario, SLOT.companionKey, random.chance(128) ? 0 : random.next(), 0);
  set(scenario, SLOT.rbpMod, random.chance(64) ? 1 : 0, 0);
}

/** One bit alone. */
function setBit(scenario: Scenario, slot: number, random: Random): void {
  const bit = random.below(64);
  set(scenario, slot, bit < 32 ? 1 << bit : 0, bit < 32 ? 0 : 1 << (bit - 32));
}

/** Writes both halves of a slot. */
export function set(scenario: Scenario, slot: number, low: number, high: number): void {
  scenario[2 * slot] = low;
  scenario[2 * slot + 1] = high;
}

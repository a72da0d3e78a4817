/** The scenarios of a single function as cases of one step: the scenario is the step's words. */
import { joinHalves } from '../halves.js';
import { type Action, type Case, type CaseSpace, type Role, type Slot, type Step } from '../case/case.js';
import { eachScenario } from './batch.js';
import { isFair, meaningfulBits } from './fair.js';
import { readSlot, type Scenario, SLOT, slotNamesOf } from './layout.js';
import { ROLE } from './roles.js';
import type { ScenarioSpace } from './space.js';

/** The only action: somebody calls the function. */
export const CALL = 'call';

const ROLE_NAMES = Object.keys(ROLE) as Role[];

/** Constants of the ABI that are tried beside those of the function. */
const ABI_CONSTANTS = 6;

const SPACES = new WeakMap<ScenarioSpace, CaseSpace>();

/**
 * One for each space of scenarios.
 *
 * @param harvested constants of the function's own instructions
 */
export function caseSpaceOf(space: ScenarioSpace, harvested: readonly bigint[] = []): CaseSpace {
  let known = SPACES.get(space);
  if (known === undefined) SPACES.set(space, (known = newCaseSpace(space, harvested)));
  return known;
}

/** A scenario as a case. */
export function caseOf(scenario: Scenario): Case {
  return [{ action: CALL, words: scenario }];
}

function newCaseSpace(space: ScenarioSpace, harvested: readonly bigint[]): CaseSpace {
  const action: Action = {
    name: CALL,
    sentence: 'the function is called',
    slots: slotNamesOf(space.compiled).map((name, slot) => slotFrom(space, name, slot, harvested)),
  };
  return {
    actions: [action],
    steps: { least: 1, most: 1 },
    each(words, count, visit) {
      // The drawer shows every scenario in the same place.
      let place: Case | undefined;
      eachScenario(space, words, count, (scenario, index) => visit((place ??= caseOf(scenario)), index));
    },
    isFair: ({ words }: Step) => isFair(space, words),
    together: (_, slot) => togetherWith(space, slot),
    isExamined: ({ words }, slot) => isExamined(words, slot),
  };
}

/** Which masks may be asked for depends on the leaf: the two come from one draw. */
function togetherWith({ leafSlot, maskSlot }: ScenarioSpace, slot: number): readonly number[] {
  return slot === leafSlot || slot === maskSlot ? [leafSlot, maskSlot].filter((one) => one >= 0) : [slot];
}

function slotFrom(space: ScenarioSpace, name: string, slot: number, harvested: readonly bigint[]): Slot {
  const role = ROLE_NAMES[space.roles[slot]];
  return {
    name,
    meaning: '',
    role,
    neutral: readSlot(space.neutral, slot),
    isInterpreted:
      role === 'argument' || slot === SLOT.answerStatus || (role === 'control' && slot !== SLOT.faultValue),
    range: () => ({ bits: meaningfulBits(space, slot), known: constantsOf(space, harvested), isOne: () => true }),
  };
}

/** Some constants of the ABI, evenly spread, then those of the function itself. */
function constantsOf({ dictionary }: ScenarioSpace, harvested: readonly bigint[]): bigint[] {
  const step = Math.max(2, 2 * Math.floor(dictionary.length / 2 / ABI_CONSTANTS));
  const spread: bigint[] = [];
  for (let at = 0; at < dictionary.length; at += step) spread.push(joinHalves(dictionary[at], dictionary[at + 1]));
  return [...spread.slice(0, ABI_CONSTANTS), ...new Set(harvested)];
}

/** How companions change values is the tool's own business. */
function isExamined(scenario: Scenario, slot: number): boolean {
  if (slot === SLOT.companionKey || 2 * slot >= scenario.length) return false;
  // Without an interrupt there is no place for it.
  return scenario[2 * SLOT.faultKind] !== 0 || (slot !== SLOT.faultAt && slot !== SLOT.faultValue);
}

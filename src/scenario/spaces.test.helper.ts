/** The scenario spaces of all built-in contracts, as a runner makes them for a function of forty instructions. */
import { compileContract } from '../contract/compiled.js';
import type { Contract } from '../contract/contract.js';
import { builtInContract } from '../contract/find-contract.js';
import { CONTRACT_SETS } from '../contract/library/sets.js';
import { dictionary } from './dictionary.js';
import { readSlot, type Scenario, SLOT_NAMES } from './layout.js';
import { type ScenarioSpace, scenarioSpace } from './space.js';

export const INSTRUCTIONS = 40;

/** The space of a built-in contract, with parts of the contract replaced. */
export function spaceOf(id: string, change: Partial<Contract> = {}): ScenarioSpace {
  const { set, contract } = builtInContract(id);
  return scenarioSpace(
    compileContract({ ...contract, ...change }, set.name),
    dictionary(contract.instruction, []),
    INSTRUCTIONS,
  );
}

/** `SET/FUNCTION` of every built-in contract. */
export const CONTRACT_IDS = CONTRACT_SETS.flatMap(({ name, contracts }) =>
  Object.keys(contracts).map((symbol) => `${name}/${symbol}`),
);

/** Slots in which two scenarios differ. */
export function differingSlots(scenario: Scenario, other: Scenario): number[] {
  return SLOT_NAMES.flatMap((_, slot) => (readSlot(scenario, slot) === readSlot(other, slot) ? [] : [slot]));
}

/** Which inputs of a stub's case matter: the experiment on the slots of its scenario. */
import { joinHalves } from '../halves.js';
import type { CaseRunner } from '../judge/case-runner.js';
import { isFair, meaningfulBits } from '../scenario/fair.js';
import { FAULT, readSlot, type Scenario, SCENARIO_SLOTS, SLOT, SLOT_NAMES, writeSlot } from '../scenario/layout.js';
import { ROLE } from '../scenario/roles.js';
import { differingSlots } from '../scenario/shrink.js';
import { failsAs } from './fails-as.js';
import { examineInputs, type InputExperiment } from './input-experiment.js';
import type { Signature } from './violation.js';

/** Constants of the ABI that are tried beside those of the function. */
const ABI_CONSTANTS = 6;

/**
 * The experiment on every value that differs from neutral, then on the neutral ones that the code interprets. A pure
 * function of the runner's target, the case and the signature.
 *
 * @param scenario fails with the signature
 */
export function examineScenario(runner: CaseRunner, scenario: Scenario, signature: Signature): InputExperiment[] {
  const { space } = runner;
  const different = differingSlots(scenario, space.neutral);
  const slots = [...different, ...neutralSlots(runner, scenario, different)];
  const fails = failsAs(runner, signature);
  const known = constantsOf(runner);
  const changed = (slot: number, value: bigint): Scenario => {
    const candidate = scenario.slice();
    writeSlot(candidate, slot, value);
    return candidate;
  };
  const inputs = slots.map((slot) => ({
    slot,
    name: SLOT_NAMES[slot],
    value: readSlot(scenario, slot),
    neutral: readSlot(space.neutral, slot),
    bits: meaningfulBits(space, slot),
    known,
    isFair: (value: bigint) => isFair(space, changed(slot, value)),
  }));
  return examineInputs(inputs, ({ slot }, value) => fails(changed(slot, value)));
}

/**
 * Neutral values that the code interprets: arguments, what is answered, placement and faults. A secret that is neutral is
 * looked at by nobody, and how companions change values is the tool's own business.
 */
function neutralSlots({ space }: CaseRunner, scenario: Scenario, different: readonly number[]): number[] {
  const skipped = new Set([...different, SLOT.companionKey]);
  // Without an interrupt there is no place for it.
  if (scenario[2 * SLOT.faultKind] === FAULT.none)
    for (const slot of [SLOT.faultAt, SLOT.faultValue]) skipped.add(slot);
  const looked = [ROLE.argument, ROLE.answer, ROLE.control] as number[];
  return Array.from({ length: SCENARIO_SLOTS }, (_, slot) => slot).filter(
    (slot) => looked.includes(space.roles[slot]) && !skipped.has(slot),
  );
}

/** Constants of the function itself, then some of the ABI, evenly spread. */
function constantsOf({ code, space }: CaseRunner): bigint[] {
  const { dictionary } = space;
  const step = Math.max(2, 2 * Math.floor(dictionary.length / 2 / ABI_CONSTANTS));
  const spread: bigint[] = [];
  for (let at = 0; at < dictionary.length; at += step) spread.push(joinHalves(dictionary[at], dictionary[at + 1]));
  const own = new Set(code.instructions.flatMap(({ immediates }) => immediates));
  return [...spread.slice(0, ABI_CONSTANTS), ...own];
}

/** New cases from an old one: steps taken out, put in and repeated, values taken from a fresh draw. */
import { actionOf, type Case, type CaseSpace, type Step } from './case.js';
import type { Dice } from './dice.js';

/** Changes that are made at most. */
const MOST = 8;

/** @param donor a fresh draw of the same space; it is not changed */
export function spliceCase(space: CaseSpace, parent: Case, donor: Case, dice: Dice): Case {
  const steps = parent.map(({ action, words }): Step => ({ action, words: words.slice() }));
  for (let left = 1 + dice.below(MOST); left > 0; left--) change(space, steps, donor, dice);
  return steps;
}

function change(space: CaseSpace, steps: Step[], donor: Case, dice: Dice): void {
  const { least, most } = space.steps;
  const at = dice.below(steps.length);
  const fresh = (): Step => ownStep(donor[dice.below(donor.length)]);
  const kind = most > 1 ? dice.below(8) : -1;
  if (kind === 0 && steps.length > least && steps.length > 1) steps.splice(at, 1);
  else if (kind === 1 && steps.length < most) steps.splice(at, 0, fresh());
  else if (kind === 2 && steps.length < most) steps.splice(at, 0, ownStep(steps[at]));
  else if (kind === 3) steps[at] = fresh();
  else takeValue(space, steps[at], donor, dice);
}

function ownStep({ action, words }: Step): Step {
  return { action, words: words.slice() };
}

/** Gives a step one value of a step of the same action in the donor, if it has one. */
function takeValue(space: CaseSpace, step: Step, donor: Case, dice: Dice): void {
  const drawn = actionOf(space, step.action).slots.flatMap(({ role }, slot) => (role === 'unused' ? [] : [slot]));
  const slot = drawn[dice.below(Math.max(1, drawn.length))];
  const from = donor.find(({ action }) => action === step.action);
  if (from === undefined || slot === undefined) return;
  for (const one of space.together(step.action, slot)) {
    step.words[2 * one] = from.words[2 * one];
    step.words[2 * one + 1] = from.words[2 * one + 1];
  }
}

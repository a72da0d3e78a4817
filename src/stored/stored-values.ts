/** The values of a case by name, as files have them, and back. */
import { UsageError } from '../errors.js';
import { shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import { nearest } from '../text/nearest.js';
import { actionOf, type Case, type CaseSpace, differing, positionName, slotOf, stepOf } from '../case/case.js';
import type { StoredValues } from './case-schema.js';

/** What a case file says of the values: those that differ from neutral, and what neutral was. */
export function storedValues(values: Case, space: CaseSpace): StoredValues {
  const actions = new Set(values.map(({ action }) => action));
  return {
    steps: values.map((step) => ({
      action: step.action,
      values: Object.fromEntries(
        differing(space, [step]).map(({ slot }) => [nameOf(space, step.action, slot), hex(slotOf(step, slot))]),
      ),
    })),
    neutral: Object.fromEntries(
      [...actions].map((name) => [
        name,
        Object.fromEntries(
          actionOf(space, name).slots.flatMap((slot) => (slot.neutral === 0n ? [] : [[slot.name, hex(slot.neutral)]])),
        ),
      ]),
    ),
  };
}

function nameOf(space: CaseSpace, action: string, slot: number): string {
  return actionOf(space, action).slots[slot].name;
}

/**
 * The case that a file stands for. A value that is not in it is what was neutral when it was written.
 *
 * @param origin what to call the file in a message; undefined: who catches it says
 * @throws UsageError for values that the contract of today has no place for
 */
export function valuesOf({ steps, neutral }: StoredValues, space: CaseSpace, origin?: string): Case {
  const refuse = (what: string): never => {
    throw new UsageError(origin === undefined ? what : `${origin}: ${what}`);
  };
  // Further calls of a single function would not be played, and their values would have no names of their own.
  if (steps.length > 1 && space.steps.most === 1)
    refuse(`steps: ${steps.length} of them, and a case of this contract has one; take the others out`);
  return steps.map(({ action: name, values }, index) => {
    const action = space.actions.find((candidate) => candidate.name === name);
    if (action === undefined) {
      const names = space.actions.map((known) => known.name);
      return refuse(`steps.${index}: no action ${shorten(name, 60)} in this contract; ${nearest(name, names)}`);
    }
    const names = action.slots.map((slot) => slot.name);
    const known = new Set(names);
    for (const slot of Object.keys(values))
      if (!known.has(slot)) refuse(`steps.${index}.values: unknown slot ${shorten(slot, 60)}; ${nearest(slot, names)}`);
    const was = neutral[name] ?? {};
    return stepOf(action, Object.fromEntries(names.map((slot) => [slot, BigInt(values[slot] ?? was[slot] ?? 0)])));
  });
}

/** The values that differ from neutral, by the names that reports have for them. */
export function differingValues(values: Case, space: CaseSpace): Record<string, string> {
  return Object.fromEntries(
    differing(space, values).map((position) => [
      positionName(space, values, position),
      hex(slotOf(values[position.step], position.slot)),
    ]),
  );
}

/** The values of a case by name, as files have them, and back. */
import { UsageError } from '../errors.js';
import { shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import { actionOf, type Case, type CaseSpace, differing, positionName, slotOf, stepOf } from './case.js';
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
 * @throws UsageError for values that the contract of today has no place for
 */
export function valuesOf({ steps, neutral }: StoredValues, { actions }: CaseSpace): Case {
  return steps.map(({ action: name, values }, index) => {
    const action = actions.find((candidate) => candidate.name === name);
    if (action === undefined) throw new UsageError(`steps.${index}: no action ${shorten(name, 60)} in this contract`);
    const known = new Set(action.slots.map((slot) => slot.name));
    const unknown = Object.keys(values).find((slot) => !known.has(slot));
    if (unknown !== undefined) throw new UsageError(`steps.${index}.values: unknown slot ${shorten(unknown, 60)}`);
    const was = neutral[name] ?? {};
    return stepOf(
      action,
      Object.fromEntries(action.slots.map((slot) => [slot.name, BigInt(values[slot.name] ?? was[slot.name] ?? 0)])),
    );
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

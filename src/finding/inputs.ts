/** Which values of a failing case matter: the experiment on its slots. */
import { actionOf, type Case, differing, type Position, positionName, slotOf, withSlot } from '../case/case.js';
import type { Runner } from '../run/runner.js';
import { examineInputs, type InputExperiment, type InputValue } from './input-experiment.js';
import { failsAs } from './shrink.js';
import type { Signature } from './signature.js';

interface CaseValue extends InputValue, Position {}

/**
 * The experiment on every value that differs from neutral, then on the neutral ones that somebody looks at. A pure
 * function of the runner's target, the case and the signature.
 *
 * @param values fail with the signature
 */
export function examineCase(runner: Runner, values: Case, signature: Signature): InputExperiment[] {
  const { space } = runner;
  const fails = failsAs(runner, signature);
  const changed = ({ step, slot }: Position, value: bigint): Case =>
    values.map((one, index) => (index === step ? withSlot(one, slot, value) : one));
  const different = differing(space, values);
  const inputs = [...different, ...neutralPositions(runner, values)].map((position): CaseValue => {
    const step = values[position.step];
    const { neutral, range } = actionOf(space, step.action).slots[position.slot];
    const value = slotOf(step, position.slot);
    const { bits, known, isOne } = range(value);
    const isFair = (candidate: bigint): boolean =>
      isOne(candidate) && space.isFair(withSlot(step, position.slot, candidate));
    return { ...position, name: positionName(space, values, position), value, neutral, bits, known, isFair };
  });
  return examineInputs(inputs, (input, value) => fails(changed(input, value)));
}

/** Neutral values that the code interprets. A secret that is neutral is looked at by nobody. */
function neutralPositions({ space }: Runner, values: Case): Position[] {
  return values.flatMap((given, step) =>
    actionOf(space, given.action).slots.flatMap(({ neutral, role }, slot) =>
      role !== 'unused' && role !== 'secret' && slotOf(given, slot) === neutral && space.isExamined(given, slot)
        ? [{ step, slot }]
        : [],
    ),
  );
}

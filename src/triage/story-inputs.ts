/** Which inputs of a program's case matter: the experiment on the values of its story. */
import type { PlayRunner } from '../play/play-runner.js';
import { Dice } from '../story/dice.js';
import { actionOf, type Story, type StorySlot } from '../story/story.js';
import { storyFailsAs } from './fails-as.js';
import { examineInputs, type InputExperiment, type InputValue } from './input-experiment.js';
import type { Signature } from './violation.js';

/** Draws by which a slot's range is known. */
const DRAWS = 128;
/** A slot with so few different draws has no other values. */
const CLOSED = 12;
const SEED = [0x51, 0x07, 0x9a, 0xd1] as const;

interface StoryValue extends InputValue {
  readonly step: number;
  readonly slot: string;
}

/**
 * The experiment on every value of the story, those that differ from neutral first. A pure function of the runner's target,
 * the story and the signature.
 *
 * @param story fails with the signature
 */
export function examineStory(runner: PlayRunner, story: Story, signature: Signature): InputExperiment[] {
  const fails = storyFailsAs(runner, signature);
  const values = story.flatMap(({ action, values: given }, step) =>
    Object.entries(actionOf(runner.space, action).slots).map(([slot, about]): StoryValue => {
      const value = given[slot];
      return { name: `${step + 1}.${slot}`, value, neutral: about.neutral, step, slot, ...rangeOf(about, value) };
    }),
  );
  const isNeutral = ({ value, neutral }: StoryValue): boolean => value === neutral;
  const inputs = [...values.filter((input) => !isNeutral(input)), ...values.filter(isNeutral)];
  return examineInputs(inputs, ({ step, slot }, value) =>
    fails(story.map((one, index) => (index === step ? { ...one, values: { ...one.values, [slot]: value } } : one))),
  );
}

/** What a value of the slot may be, from what is drawn of it. */
function rangeOf({ neutral, draw }: StorySlot, value: bigint): Pick<InputValue, 'bits' | 'known' | 'isFair'> {
  const dice = new Dice(SEED);
  const drawn = new Set(Array.from({ length: DRAWS }, () => draw(dice)));
  drawn.add(neutral);
  const closed = drawn.size <= CLOSED;
  const width = [...drawn, value].reduce((all, one) => all | one, 0n).toString(2).length;
  return {
    bits: (1n << BigInt(width)) - 1n,
    known: [...drawn],
    isFair: (candidate) => !closed || drawn.has(candidate),
  };
}

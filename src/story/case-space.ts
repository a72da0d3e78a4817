/** The stories of a program as cases: flat words, with the names resolved once. */
import { type Case, type CaseSpace, type Slot, type SlotRange, type Step, slotOf } from '../case/case.js';
import { Dice } from '../case/dice.js';
import { writeHalves } from '../halves.js';
import { actionOf, drawStory, type Story, type StorySlot, type StorySpace, type StoryStep } from './story.js';

/** Draws by which a slot's range is known. */
const DRAWS = 128;
/** A slot with so few different draws has no other values. */
const CLOSED = 12;
const SEED = [0x51, 0x07, 0x9a, 0xd1] as const;

const SPACES = new WeakMap<StorySpace, CaseSpace>();

/** One for each space of stories. */
export function caseSpaceOf(space: StorySpace): CaseSpace {
  let known = SPACES.get(space);
  if (known === undefined) SPACES.set(space, (known = newCaseSpace(space)));
  return known;
}

function newCaseSpace(space: StorySpace): CaseSpace {
  return {
    actions: space.actions.map(({ name, sentence, slots }) => ({
      name,
      sentence,
      slots: Object.entries(slots).map(([slot, about]) => slotFrom(slot, about)),
    })),
    steps: space.steps,
    each(words, count, visit) {
      const dice = new Dice(words);
      for (let index = 0; index < count; index++) visit(caseFrom(drawStory(space, dice)), index);
    },
    // What a step may not be in a state is left out when it is played.
    isFair: () => true,
    together: (_, slot) => [slot],
    isExamined: () => true,
  };
}

function slotFrom(name: string, about: StorySlot): Slot {
  const { meaning, neutral, role = 'argument' } = about;
  let drawn: ReadonlySet<bigint> | undefined;
  const range = (value: bigint): SlotRange => {
    drawn ??= drawsOf(about);
    return rangeOf(drawn, value);
  };
  return { name, meaning, role, neutral, isInterpreted: role !== 'secret', range };
}

function drawsOf({ draw, neutral }: StorySlot): ReadonlySet<bigint> {
  const dice = new Dice(SEED);
  return new Set([...Array.from({ length: DRAWS }, () => draw(dice)), neutral]);
}

/** What a value of the slot may be, from what is drawn of it. */
function rangeOf(drawn: ReadonlySet<bigint>, value: bigint): SlotRange {
  const width = [...drawn, value].reduce((all, one) => all | one, 0n).toString(2).length;
  return {
    bits: (1n << BigInt(width)) - 1n,
    known: [...drawn],
    isOne: (candidate) => drawn.size > CLOSED || drawn.has(candidate),
  };
}

/** A story as a case. Its values are in the order of the actions' slots. */
export function caseFrom(story: Story): Case {
  return story.map(({ action, values }) => {
    const all = Object.values(values);
    const words = new Int32Array(2 * all.length);
    all.forEach((value, index) => writeHalves(words, 2 * index, value));
    return { action, words };
  });
}

/** A case as the story that a session plays. */
export function storyFrom(space: StorySpace, given: Case): Story {
  return given.map((step) => storyStep(space, step));
}

function storyStep(space: StorySpace, step: Step): StoryStep {
  const values: Record<string, bigint> = {};
  Object.keys(actionOf(space, step.action).slots).forEach((name, slot) => (values[name] = slotOf(step, slot)));
  return { action: step.action, values };
}

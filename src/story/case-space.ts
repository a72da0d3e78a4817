/** The stories of a program as cases: flat words, with the names resolved once. */
import { slotWord } from '../../models/exchange/words.js';
import { type Case, type CaseSpace, type Slot, type SlotRange, type Step, slotOf } from '../case/case.js';
import { Dice } from '../case/dice.js';
import { writeHalves } from '../halves.js';
import { stepMaker } from './step-values.js';
import { actionOf, checked, type Story, type StorySlot, type StorySpace, type StoryStep } from './story.js';

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
  const draw = caseDrawer(space);
  return {
    actions: space.actions.map(({ name, sentence, slots }) => ({
      name,
      sentence,
      slots: Object.entries(slots).map(([slot, about]) => slotFrom(slot, about)),
    })),
    steps: space.steps,
    each(words, count, visit) {
      const dice = new Dice(words);
      for (let index = 0; index < count; index++) visit(draw(dice), index);
    },
    // What a step may not be in a state is left out when it is played.
    isFair: () => true,
    together: (_, slot) => [slot],
    isExamined: () => true,
  };
}

/**
 * Draws cases into words. Each lies where the one before lay. Whatever is drawn of what happens besides (`control`), the
 * other values of the case are the same.
 */
function caseDrawer({ actions, steps }: StorySpace): (dice: Dice) => Case {
  const total = actions.reduce((sum, { weight = 1 }) => sum + weight, 0);
  const drawers = actions.map(({ name, slots, weight = 1 }) => ({
    weight,
    slots: Object.entries(slots).map(([slot, { draw, role }]) => ({ slot, draw, isAside: role === 'control' })),
    places: Array.from({ length: steps.most }, (): Step => newStep(name, Object.keys(slots).length)),
  }));
  return (dice) => {
    const count = steps.least + dice.below(steps.most - steps.least + 1);
    const drawn: Step[] = [];
    for (let index = 0; index < count; index++) {
      let chosen = dice.below(total);
      let which = 0;
      while ((chosen -= drawers[which].weight) >= 0) which++;
      const { slots, places } = drawers[which];
      const step = places[index];
      const aside = dice.aside();
      for (let at = 0; at < slots.length; at++) {
        const { slot, draw, isAside } = slots[at];
        writeHalves(step.words, 2 * at, checked(slot, draw(isAside ? aside : dice)));
      }
      drawn.push(step);
    }
    return drawn;
  };
}

function newStep(action: string, slots: number): Step {
  return { action, words: new Int32Array(2 * slots) };
}

function slotFrom(name: string, about: StorySlot): Slot {
  const { meaning, neutral, role = 'argument', words } = about;
  let drawn: ReadonlySet<bigint> | undefined;
  const range = (value: bigint): SlotRange => {
    drawn ??= drawsOf(about);
    return rangeOf(drawn, value);
  };
  const word = words === undefined ? undefined : (value: bigint): string | undefined => slotWord(words, value);
  return { name, meaning, word, role, neutral, isInterpreted: role !== 'secret', range };
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

type StepMaker = (words: Int32Array) => StoryStep;

const MAKERS = new WeakMap<StorySpace, Map<string, StepMaker>>();

function makersOf(space: StorySpace): Map<string, StepMaker> {
  let makers = MAKERS.get(space);
  if (makers === undefined) {
    makers = new Map(space.actions.map(({ name, slots }) => [name, stepMaker(name, Object.keys(slots))]));
    MAKERS.set(space, makers);
  }
  return makers;
}

/** A case as the story that a session plays. Its values are read from the words of the case, which must stay as they are. */
export function playable(space: StorySpace, given: Case): Story {
  const makers = makersOf(space);
  return given.map(({ action, words }) => {
    const make = makers.get(action);
    if (make === undefined) throw new RangeError(`no action ${action}`);
    return make(words);
  });
}

/** Draws a story. @throws RangeError for a draw that is no unsigned 64-bit value */
export function drawStory(space: StorySpace, dice: Dice): Story {
  return storyFrom(space, caseDrawer(space)(dice));
}

/** A case as a story of its own, all values by name. */
export function storyFrom(space: StorySpace, given: Case): Story {
  return given.map((step) => storyStep(space, step));
}

function storyStep(space: StorySpace, step: Step): StoryStep {
  const values: Record<string, bigint> = {};
  Object.keys(actionOf(space, step.action).slots).forEach((name, slot) => (values[name] = slotOf(step, slot)));
  return { action: step.action, values };
}

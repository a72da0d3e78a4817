/** New stories from an old one: steps taken out, put in and repeated, values drawn again. */
import type { Dice } from './dice.js';
import { actionOf, drawStory, type Story, type StorySpace, type StoryStep } from './story.js';

/** Changes that are made at most. */
const MOST = 3;

export function spliceStory(space: StorySpace, parent: Story, dice: Dice): Story {
  const steps = [...parent];
  for (let left = 1 + dice.below(MOST); left > 0; left--) change(space, steps, dice);
  return steps;
}

function change(space: StorySpace, steps: StoryStep[], dice: Dice): void {
  const { least, most } = space.steps;
  const at = dice.below(steps.length);
  const kind = dice.below(8);
  if (kind === 0 && steps.length > least && steps.length > 1) steps.splice(at, 1);
  else if (kind === 1 && steps.length < most) steps.splice(at, 0, freshStep(space, dice));
  else if (kind === 2 && steps.length < most) steps.splice(at, 0, steps[at]);
  else if (kind === 3) steps[at] = freshStep(space, dice);
  else steps[at] = redrawn(space, steps[at], dice);
}

function freshStep(space: StorySpace, dice: Dice): StoryStep {
  const story = drawStory(space, dice);
  return story[dice.below(story.length)];
}

/** The same step with one value drawn again. */
function redrawn(space: StorySpace, step: StoryStep, dice: Dice): StoryStep {
  const slots = Object.entries(actionOf(space, step.action).slots);
  if (slots.length === 0) return step;
  const [name, { draw }] = slots[dice.below(slots.length)];
  return { action: step.action, values: { ...step.values, [name]: draw(dice) } };
}

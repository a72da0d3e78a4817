/**
 * What "simpler" means for a story, written down once. A story is simpler than another if it has fewer steps; between
 * equals, if fewer values differ from neutral; then, if those have fewer bits set. So the passes, in order:
 *
 *  1. half of the steps, then quarters, then single ones taken out;
 *  2. all values of all steps neutral, all of one step, one value of all steps that have it, one value, two values of
 *     one step (an address and the width that makes it valid go together or not at all);
 *  3. bits of one value cleared: half of them, quarters, single ones.
 *
 * No pass has a side effect, since fast-check calls shrink without running anything.
 */
import { actionOf, differingValues, type Story, type StorySpace, type StoryStep } from './story.js';

/** Candidates simpler than `story`, lazily, most promising first. */
export function* shrinkStory(story: Story, space: StorySpace): Generator<Story> {
  yield* withoutSteps(story);
  const different = story.map((step) => differingValues(space, step).map(([name]) => name));
  const names = [...new Set(different.flat())];
  if (names.length === 0) return;
  yield neutral(story, space, () => true);
  if (story.length > 1) {
    for (let index = 0; index < story.length; index++)
      if (different[index].length > 1) yield neutral(story, space, (step) => step === index);
    for (const name of names)
      if (different.filter((own) => own.includes(name)).length > 1)
        yield neutral(story, space, (_, slot) => slot === name);
  }
  for (let index = 0; index < story.length; index++)
    for (const name of different[index]) yield neutral(story, space, (step, slot) => step === index && slot === name);
  for (let index = 0; index < story.length; index++)
    for (const [position, one] of different[index].entries())
      for (const other of different[index].slice(position + 1))
        yield neutral(story, space, (step, slot) => step === index && (slot === one || slot === other));
  for (let index = 0; index < story.length; index++)
    for (const name of different[index]) yield* clearBits(story, index, name);
}

function* withoutSteps(story: Story): Generator<Story> {
  for (let size = story.length >> 1; size >= 1; size >>= 1)
    for (let from = story.length - size; from >= 0; from -= size)
      yield [...story.slice(0, from), ...story.slice(from + size)];
}

function neutral(story: Story, space: StorySpace, chosen: (step: number, slot: string) => boolean): Story {
  return story.map((step, index) => {
    const { slots } = actionOf(space, step.action);
    const values = Object.entries(step.values).map(([name, value]) => [
      name,
      chosen(index, name) ? slots[name].neutral : value,
    ]);
    return { action: step.action, values: Object.fromEntries(values) as StoryStep['values'] };
  });
}

/** Clearing bits is monotone and needs at most 64 steps; counting down would need thousands. */
function* clearBits(story: Story, index: number, name: string): Generator<Story> {
  const value = story[index].values[name];
  const tried = new Set([value]);
  for (let width = 32; width >= 1; width >>= 1) {
    for (let bit = 64 - width; bit >= 0; bit -= width) {
      const cleared = value & ~(((1n << BigInt(width)) - 1n) << BigInt(bit));
      if (tried.has(cleared)) continue;
      tried.add(cleared);
      yield story.map((step, at) =>
        at === index ? { action: step.action, values: { ...step.values, [name]: cleared } } : step,
      );
    }
  }
}

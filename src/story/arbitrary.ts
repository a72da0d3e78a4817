/** The fast-check arbitrary of single stories: drawn from the mixture, shrunk step by step and value by value. */
import type fc from 'fast-check';
import { DrawnArbitrary } from '../scenario/drawn-arbitrary.js';
import { Dice } from './dice.js';
import { shrinkStory } from './shrink.js';
import { drawStory, type Story, type StorySpace } from './story.js';

/** Stories of one program. */
export function stories(space: StorySpace): fc.Arbitrary<Story> {
  return new DrawnArbitrary({
    draw: (words) => drawStory(space, new Dice(words)),
    simpler: (story) => shrinkStory(story, space),
    canShrink: (value): value is Story => Array.isArray(value) && value.length > 0,
  });
}

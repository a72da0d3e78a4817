/** The fast-check arbitrary of single stories: drawn from the mixture, shrunk step by step and value by value. */
import fc from 'fast-check';
import { Dice } from './dice.js';
import { shrinkStory } from './shrink.js';
import { drawStory, type Story, type StorySpace } from './story.js';

class StoryArbitrary extends fc.Arbitrary<Story> {
  constructor(private readonly space: StorySpace) {
    super();
  }

  override generate(mrng: fc.Random): fc.Value<Story> {
    const dice = new Dice([mrng.nextInt(), mrng.nextInt(), mrng.nextInt(), mrng.nextInt()]);
    return new fc.Value(drawStory(this.space, dice), undefined);
  }

  /** Nothing but its values is needed: a stored story can be shrunk again. */
  override canShrinkWithoutContext(value: unknown): value is Story {
    return Array.isArray(value) && value.length > 0;
  }

  override shrink(story: Story): fc.Stream<fc.Value<Story>> {
    const { space } = this;
    function* values(): IterableIterator<fc.Value<Story>> {
      for (const simpler of shrinkStory(story, space)) yield new fc.Value(simpler, undefined);
    }
    return fc.stream(values());
  }
}

/** Stories of one program. */
export function stories(space: StorySpace): fc.Arbitrary<Story> {
  return new StoryArbitrary(space);
}

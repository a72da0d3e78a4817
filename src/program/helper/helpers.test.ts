/** The built-in helpers under their references, and the references under the properties. */
import { describe, expect, it } from 'vitest';
import { builtInPrograms } from '../../campaign/targets/built-in-targets.js';
import { createPlayRunner } from '../../run/open-runner.js';
import { Dice } from '../../case/dice.js';
import { drawStory } from '../../story/case-space.js';
import { stepOf } from '../../story/story.js';

const STORIES = 300;
/** What the core adds to every return. */
const KEPT = new Set(['rbx', 'rbp', 'r12', 'r13', 'r14', 'r15', 'rsp', 'flags', 'if', 'stray']);

const helpers = builtInPrograms().filter(({ name }) => name.startsWith('helper-'));

it('are these', () => {
  expect(helpers.length).toBeGreaterThanOrEqual(26);
});

describe.each(helpers.map((target) => [target.name, target] as const))('%s', (_, target) => {
  const runner = createPlayRunner(target);
  const dice = new Dice([2, 3, 5, 7]);
  const stories = Array.from({ length: STORIES }, () => drawStory(runner.space, dice));

  it('does what its reference says, in every fair story', () => {
    for (const story of stories) {
      expect(runner.run(story)).toEqual([]);
      expect(runner.play).toMatchObject({ problem: '', left: [] });
    }
  });

  it('has a neutral story that is fair', () => {
    runner.run([stepOf(runner.space.actions[0])]);
    expect(runner.play.left).toEqual([]);
    expect(runner.play.entries.length).toBeGreaterThan(0);
  });

  it('has no class without a story', () => {
    const seen = new Set<string>();
    for (const story of stories) {
      runner.run(story);
      for (const { name, holds } of runner.session.classes) if (holds(runner.play)) seen.add(name);
    }
    expect([...seen].sort()).toEqual(runner.session.classes.map(({ name }) => name).sort());
  });

  it('has a property for every value that its reference names', () => {
    const judged = (moment: string, name: string, about: readonly string[]): boolean =>
      runner.judge.clauses.some(
        ({ clause }) =>
          clause.kind === 'agrees' &&
          clause.moment === moment &&
          clause.name === name &&
          (clause.about === undefined || about.includes(clause.about)),
      );
    const unjudged = new Set<string>();
    for (const story of stories) {
      runner.run(story);
      for (const { expected } of runner.play.entries)
        for (const name of Object.keys(expected?.values ?? {}))
          if (!KEPT.has(name) || expected?.moment !== 'return')
            if (!judged(expected?.moment ?? '', name, expected?.about ?? []))
              unjudged.add(`${expected?.moment}.${name}`);
    }
    expect([...unjudged]).toEqual([]);
  });
});

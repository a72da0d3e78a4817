/** A story that carries interrupts, NMIs, flags and the TD's configuration: a sound function agrees with its reference. */
import { describe, expect, it } from 'vitest';
import { FAULT } from '../scenario/layout.js';
import { Dice } from '../case/dice.js';
import { anyValue, below, oneOf } from '../story/draws.js';
import { drawStory, type StoryStep } from '../story/story.js';
import { DISTURBANCE, disturbanceOf } from './disturbance.js';
import { PlayRunner } from './play-runner.js';
import { imageOf, STUB, STUB_PROPERTIES, stubContract } from './stub-program.test.helper.js';

const SLOTS = {
  [DISTURBANCE.kind]: { neutral: 0n, meaning: 'what comes', draw: oneOf(0n, 1n, 2n) },
  [DISTURBANCE.at]: { neutral: 0n, meaning: 'when', draw: below(64) },
  [DISTURBANCE.value]: { neutral: 0n, meaning: 'what it leaves', draw: anyValue },
  [DISTURBANCE.flags]: { neutral: 0n, meaning: 'RFLAGS', draw: anyValue },
  [DISTURBANCE.rbpMod]: { neutral: 0n, meaning: 'without NO_RBP_MOD', draw: below(2) },
};

describe('a story with disturbances', () => {
  it('of a sound function agrees with the reference, whatever comes and whenever', () => {
    const runner = new PlayRunner(
      imageOf('corpus/targets/guest-6.7.o'),
      stubContract('__tdcall_saved_ret'),
      STUB,
      STUB_PROPERTIES,
    );
    const [{ slots, ...action }] = runner.space.actions;
    const space = { ...runner.space, actions: [{ ...action, slots: { ...slots, ...SLOTS } }] };
    const dice = new Dice([5, 6, 7, 8]);
    const came = new Set<number>();
    for (let index = 0; index < 300; index++) {
      const story = drawStory(space, dice);
      expect(runner.run(story)).toEqual([]);
      const [stage] = runner.session.stages;
      if (stage.interrupts > 0) came.add(stage.interruptedAt);
    }
    // It has 55 boundaries, and no case is a pass that reached few of them.
    expect(came.size).toBeGreaterThan(40);
  });
});

describe('what a step says', () => {
  const step = (values: StoryStep['values']): StoryStep['values'] => values;

  it('is nothing without the slots', () => expect(disturbanceOf(step({ 'host.r10': 1n }))).toEqual({}));

  it('is an event, flags and a configuration', () => {
    const values = { [DISTURBANCE.kind]: 2n, [DISTURBANCE.at]: 0x10007n, [DISTURBANCE.value]: 9n };
    expect(disturbanceOf(values)).toEqual({
      flags: 0n,
      event: { kind: FAULT.nmi, at: 7, value: 9n },
      rbpMod: false,
    });
    expect(disturbanceOf({ [DISTURBANCE.rbpMod]: 1n })).toMatchObject({ rbpMod: true, event: { kind: FAULT.none } });
  });
});

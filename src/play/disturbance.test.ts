/** A story that carries interrupts, NMIs, flags and the TD's configuration: a sound function agrees with its reference. */
import { describe, expect, it } from 'vitest';
import { KERNEL_FLAGS, FAULT } from '../scenario/layout.js';
import { Dice } from '../case/dice.js';
import { anyValue, below, oneOf } from '../story/draws.js';
import { drawStory } from '../story/case-space.js';
import { type StoryAction, type StorySpace, type StoryStep } from '../story/story.js';
import { FLAG } from '../x86/flags.js';
import { DISTURBANCE, disturbanceOf, disturbed } from './disturbance.js';
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

describe('an action in which something may happen', () => {
  const value = { neutral: 0n, meaning: 'a value', draw: anyValue };
  const action: StoryAction = { name: 'call', sentence: 'calls', slots: { a: value, b: value } };
  const stories = (made: StoryAction): StoryStep[] => {
    const space: StorySpace = { actions: [made], steps: { least: 1, most: 3 } };
    const dice = new Dice([1, 2, 3, 4]);
    return Array.from({ length: 400 }, () => drawStory(space, dice)).flat();
  };

  it('has the other values that it has without, in front', () => {
    const steps = stories(disturbed(action, 'guest'));
    expect(steps.map(({ values: { a, b } }) => ({ a, b }))).toEqual(stories(action).map(({ values }) => values));
    expect(Object.keys(steps[0].values)).toEqual(['a', 'b', ...Object.values(DISTURBANCE)]);
  });

  it('has an event in about one of four, of both kinds, and the flags that a caller may choose', () => {
    const steps = stories(disturbed(action, 'guest')).map(({ values }) => values);
    const kinds = steps.map(({ [DISTURBANCE.kind]: kind }) => Number(kind));
    const events = kinds.filter((kind) => kind !== FAULT.none).length / kinds.length;
    expect(events).toBeGreaterThan(0.18);
    expect(events).toBeLessThan(0.32);
    expect(new Set(kinds)).toEqual(new Set([FAULT.none, FAULT.interrupt, FAULT.nmi]));
    const flags = steps.reduce((all, { [DISTURBANCE.flags]: drawn }) => all | drawn, 0n);
    expect(flags).toBe(BigInt(KERNEL_FLAGS & ~FLAG.IF));
  });

  it('belongs to a TD only on the side of the guest', () => {
    expect(Object.keys(disturbed(action, 'host').slots)).not.toContain(DISTURBANCE.rbpMod);
  });
});

describe('what a step says', () => {
  const step = (values: StoryStep['values']): StoryStep['values'] => values;

  it('is graffiti of the handler where nothing is said of it', () => {
    const { event } = disturbanceOf({ [DISTURBANCE.kind]: 1n, [DISTURBANCE.value]: 0n });
    expect(event?.value).toBeGreaterThan(0n);
  });

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

/** A play, instruction by instruction, for each of its machines. */
import { playStory } from '../play/play.js';
import type { PlayRunner } from '../play/play-runner.js';
import type { StageObserver } from '../stage/observer.js';
import type { ProgramStage } from '../stage/program-stage.js';
import type { Story } from '../story/story.js';
import { Recorder, type Step, type WorldStore } from './trace.js';

/** At an external symbol there is nothing to execute, and so no step. */
function observerOf(recorder: Recorder, stores: WorldStore[]): StageObserver {
  return {
    before: (machine) => recorder.before(machine),
    after: (machine, events) => recorder.after(machine, events),
    answered: (registers) => recorder.answered(registers),
    wrote: ({ instructionCount }, address, bytes) => stores.push({ executed: instructionCount, address, bytes }),
  };
}

/** What happened on one of the machines. */
export interface StageTrace {
  readonly steps: readonly Step[];
  /** What the world wrote to memory, in order. */
  readonly stores: readonly WorldStore[];
}

export type PlayTrace = ReadonlyMap<ProgramStage, StageTrace>;

/**
 * Plays a story again with every instruction recorded, up to an entry and no further.
 *
 * @param entries how many entries to play
 */
export function tracePlay(runner: PlayRunner, story: Story, entries = Infinity): PlayTrace {
  const traced = runner.session.stages.map((stage) => {
    const recorder = new Recorder((low, high) => stage.holds(low, high));
    const stores: WorldStore[] = [];
    stage.observer = observerOf(recorder, stores);
    return { stage, steps: recorder.steps, stores };
  });
  try {
    playStory(runner.session, story, entries);
  } finally {
    for (const { stage } of traced) stage.observer = undefined;
  }
  return new Map(traced.map(({ stage, ...trace }) => [stage, trace]));
}

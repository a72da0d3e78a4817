/** A play, instruction by instruction, for each of its machines. */
import { joinHalves } from '../halves.js';
import { playStory } from '../play/play.js';
import type { PlayRunner } from '../play/play-runner.js';
import type { Stage, StageObserver } from '../play/stage.js';
import type { Story } from '../story/story.js';
import { Recorder, type Step } from './trace.js';

/** At an external symbol there is nothing to execute, and so no step. */
function observerOf(recorder: Recorder): StageObserver {
  return {
    before: (machine) => recorder.before(machine),
    after: (machine) => recorder.afterCode(machine),
  };
}

export type PlayTrace = ReadonlyMap<Stage, readonly Step[]>;

/**
 * Plays a story again with every instruction recorded, up to an entry and no further.
 *
 * @param entries how many entries to play
 */
export function tracePlay(runner: PlayRunner, story: Story, entries = Infinity): PlayTrace {
  const { stages } = runner.session;
  const recorders = stages.map((stage) => new Recorder((low, high) => stage.isInImage(joinHalves(low, high))));
  stages.forEach((stage, index) => (stage.observer = observerOf(recorders[index])));
  try {
    playStory(runner.session, story, entries);
  } finally {
    for (const stage of stages) stage.observer = undefined;
  }
  return new Map(stages.map((stage, index) => [stage, recorders[index].steps]));
}

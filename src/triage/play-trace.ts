/** A play, instruction by instruction, for each of its machines. */
import { joinHalves } from '../halves.js';
import type { Place } from '../play/call.js';
import { playStory } from '../play/play.js';
import type { PlayRunner } from '../play/play-runner.js';
import type { Stage, StageObserver } from '../play/stage.js';
import type { Story } from '../story/story.js';
import { EVENT_WORDS } from '../x86/events.js';
import { SLOT as STATE } from '../x86/layout.js';
import type { Machine } from '../x86/machine.js';
import type { Step, WorldStore } from './trace.js';

/** State slots that programs may change: general registers, RIP, RFLAGS, MXCSR, x87 control, XMM. */
const STATE_WORDS = 2 * (STATE.XMM + 32);

class Recorder implements StageObserver {
  constructor(private readonly stage: Stage) {}

  readonly steps: Step[] = [];
  readonly stores: WorldStore[] = [];
  private snapshot = new Int32Array(STATE_WORDS);
  private firstEvent = 0;
  private executed = 0;

  before(machine: Machine): void {
    this.snapshot = machine.state.slice(0, STATE_WORDS);
    this.firstEvent = machine.eventCount;
    this.executed = machine.instructionCount;
  }

  after(machine: Machine): void {
    const low = this.snapshot[2 * STATE.RIP];
    const high = this.snapshot[2 * STATE.RIP + 1];
    const instruction = machine.instructionAt(low, high);
    // At an external symbol there is nothing to execute.
    if (instruction === undefined) return;
    this.steps.push({
      instruction,
      address: joinHalves(low, high),
      executed: this.executed,
      before: this.snapshot,
      after: machine.state.slice(0, STATE_WORDS),
      events: machine.events.slice(this.firstEvent * EVENT_WORDS, machine.eventCount * EVENT_WORDS),
      worldWrote: 0,
      call: undefined,
      raised: undefined,
      interrupt: false,
      lent: !this.stage.isInImage(joinHalves(low, high)),
    });
  }

  wrote({ instructionCount }: Machine, address: bigint, bytes: Place['bytes']): void {
    this.stores.push({ executed: instructionCount, address, bytes });
  }
}

/** What happened on one of the machines. */
export interface StageTrace {
  readonly steps: readonly Step[];
  /** What the world wrote to memory, in order. */
  readonly stores: readonly WorldStore[];
}

export type PlayTrace = ReadonlyMap<Stage, StageTrace>;

/**
 * Plays a story again with every instruction recorded, up to an entry and no further.
 *
 * @param entries how many entries to play
 */
export function tracePlay(runner: PlayRunner, story: Story, entries = Infinity): PlayTrace {
  const { stages } = runner.session;
  const recorders = stages.map((stage) => new Recorder(stage));
  stages.forEach((stage, index) => (stage.observer = recorders[index]));
  try {
    playStory(runner.session, story, entries);
  } finally {
    for (const stage of stages) stage.observer = undefined;
  }
  return new Map(stages.map((stage, index) => [stage, recorders[index]]));
}

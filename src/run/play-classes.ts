/** Classes of plays: those of the program, and what happened beside its exchanges, named as for single functions. */
import { DISTURBANCE } from '../play/disturbance.js';
import type { PlayRunner } from '../play/play-runner.js';
import { FAULT } from '../scenario/layout.js';
import type { StorySpace } from '../story/story.js';
import { Dice } from '../case/dice.js';

/** The slot; a call of a program that has none begins with interrupts on. */
const IF = 'if';
const IF_CLASSES = ['IF clear at entry', 'IF set at entry'];
/** Draws by which it is known whether a call may begin with IF = 0, with IF = 1. */
const DRAWS = 32;
const SEED = [0x1f, 0x2f, 0x3f, 0x4f] as const;

export class PlayClasses {
  /** Classes that the program gives rise to, whether or not a case falls into them. */
  readonly names: readonly string[];

  constructor(private readonly player: PlayRunner) {
    const { session, space } = player;
    const flags = entryFlags(space);
    // Where interrupts are off at every entry they come, if at all, behind an STI of the code.
    const delivered = flags.has(1n) ? ['interrupt delivered', 'NMI delivered'] : ['NMI delivered'];
    const entries = IF_CLASSES.filter((_, value) => flags.has(BigInt(value)));
    this.names = ['no fault', ...delivered, ...entries, ...session.classes.map(({ name }) => name)];
  }

  /** Names the classes of the case that the runner played last. */
  count(add: (name: string) => void): void {
    const { session, play } = this.player;
    const delivered = session.stages.reduce((kinds, stage) => kinds | stage.delivered, 0);
    if ((delivered & (1 << FAULT.interrupt)) !== 0) add('interrupt delivered');
    if ((delivered & (1 << FAULT.nmi)) !== 0) add('NMI delivered');
    const planned = play.story.some(({ values }) => (values[DISTURBANCE.kind] ?? 0n) !== BigInt(FAULT.none));
    if (delivered === 0) add(planned ? 'interrupt never deliverable' : 'no fault');
    for (const [value, name] of IF_CLASSES.entries())
      if (play.story.some(({ values }) => (values[IF] ?? 1n) === BigInt(value))) add(name);
    for (const { name, holds } of session.classes) if (holds(play)) add(name);
  }
}

function entryFlags({ actions }: StorySpace): ReadonlySet<bigint> {
  const dice = new Dice(SEED);
  const slots = actions.map(({ slots: { [IF]: slot } }) => slot);
  return new Set(
    slots.flatMap((slot) => (slot === undefined ? [1n] : Array.from({ length: DRAWS }, () => slot.draw(dice)))),
  );
}

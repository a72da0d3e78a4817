/** What a program is: how stories of it look, who plays the world, and which reference says what must happen. */
import type { Exchange, Reference, Values } from '../../models/exchange/exchange.js';
import type { ProgramContract } from '../contract/program-contract.js';
import type { Image } from '../image/image.js';
import type { StorySpace, StoryStep } from '../story/story.js';
import type { Performance } from './call.js';
import type { Play } from './play.js';
import type { ProgramStage } from '../stage/program-stage.js';

export interface Program {
  /** The name that contracts use. */
  readonly name: string;
  /** One line for `list`. */
  readonly title: string;
  /**
   * Makes a session for one target.
   *
   * @throws UsageError if the contract's options are not those of the program
   * @throws ImageError if the image lacks the function
   */
  readonly open: (image: Image, contract: ProgramContract) => Session;
}

/** A kind of story, counted so that people see what was exercised. */
export interface StoryClass {
  readonly name: string;
  readonly holds: (play: Play) => boolean;
}

/** Plays story after story of one target. */
export interface Session {
  readonly space: StorySpace;
  readonly classes: readonly StoryClass[];
  /** The machines, first the one whose code is the target's. */
  readonly stages: readonly ProgramStage[];
  /** Before each story: everything as at the start, in memory 0 or that of companion G (src/stage/layout.ts); 0 if not given. */
  begin(memory?: 0 | 1): void;
  /** Whether a step can take place now; one that cannot is left out. */
  allows(step: StoryStep): boolean;
  /** The code under test. */
  perform(step: StoryStep): Performance;
  /** What it must do. Asked for after `perform` has begun, so that both see the same structures. */
  expect(step: StoryStep): Reference;
  /** What the world answers to an exchange of the code under test. */
  answer(exchange: Exchange, step: StoryStep): Values;
}

/** Plays and judges the stories of one target. */
import type { ProgramProperty } from '../clause/property.js';
import type { ProgramContract } from '../contract/program-contract.js';
import type { Image } from '../image/image.js';
import type { EngineName } from '../x86/machine.js';
import type { Story, StorySpace } from '../story/story.js';
import { type Play, playStory, type PutRight } from './play.js';
import { PlayJudge, type PlayViolation } from './play-judge.js';
import type { Program, Session } from './program.js';

export class PlayRunner {
  readonly session: Session;
  readonly judge: PlayJudge;
  readonly space: StorySpace;
  /** Calls of the code under test since the runner was made. */
  executions = 0;
  /** The last play. */
  play: Play = { story: [], entries: [], left: [], calls: 0, problem: '' };

  /**
   * @throws UsageError if the contract's options are not those of the program
   * @throws ImageError if the image lacks the function
   */
  constructor(
    readonly image: Image,
    readonly contract: ProgramContract,
    program: Program,
    properties: readonly ProgramProperty[],
  ) {
    this.session = program.open(image, contract);
    this.space = this.session.space;
    this.judge = new PlayJudge(properties, contract);
  }

  /** @returns the violations, or undefined if there is no verdict: `play.problem` says why */
  run(story: Story): PlayViolation[] | undefined {
    this.play = playStory(this.session, story);
    this.executions += this.play.calls;
    const found = this.play.problem === '' ? this.judge.judge(this.play) : undefined;
    if (found?.length === 0) return found;
    // What is said of a story is what the interpreter says of it.
    this.useEngine('interpreter');
    try {
      return this.runAgain(story);
    } finally {
      this.useEngine('wasm');
    }
  }

  /** The story that was played last once more, with one value put right. @returns what is violated then */
  runWith(putRight: PutRight): PlayViolation[] | undefined {
    this.play = playStory(this.session, this.play.story, Infinity, 0, putRight);
    this.executions += this.play.calls;
    return this.play.problem === '' ? this.judge.judge(this.play) : undefined;
  }

  private useEngine(name: EngineName): void {
    for (const { machine } of this.session.stages) machine.engine = name;
  }

  private runAgain(story: Story): PlayViolation[] | undefined {
    this.play = playStory(this.session, story);
    if (this.session.stages.some(({ unmodelled }) => unmodelled !== '')) this.nameCaller(story);
    return this.play.problem === '' ? this.judge.judge(this.play) : undefined;
  }

  /** Which code reached what nobody models is found by playing the story again, instruction by instruction. */
  private nameCaller(story: Story): void {
    const { stages } = this.session;
    for (const stage of stages) stage.trackCaller = true;
    this.play = playStory(this.session, story);
    for (const stage of stages) stage.trackCaller = false;
  }

  /** `symbol+0x1c` */
  place(address: bigint): string {
    return this.session.stages[0].place(address);
  }
}

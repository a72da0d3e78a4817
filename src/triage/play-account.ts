/** What happened in one failing story: the play, the trace up to where it went wrong, the instruction to blame. */
import type { Entry, Play } from '../play/play.js';
import type { JudgedExchangeClause } from '../play/play-judge.js';
import type { PlayRunner } from '../play/play-runner.js';
import type { Story } from '../story/story.js';
import { blamedStep, signatureOf } from './play-violations.js';
import { comparePlay } from './play-comparison.js';
import { type StageTrace, tracePlay } from './play-trace.js';
import type { Step, WorldStore } from './trace.js';
import { type Signature, signatureKey } from './violation.js';

export interface PlayAccount {
  signature: Signature;
  clause: JudgedExchangeClause;
  play: Play;
  entry: Entry;
  /** Every instruction of the machine that the entry was on, up to the entry. */
  steps: readonly Step[];
  /** What the world wrote to that machine's memory. */
  stores: readonly WorldStore[];
  /** Index of the step to blame, -1 if there is none. */
  step: number;
  expected: string;
  actual: string;
}

const NO_TRACE: StageTrace = { steps: [], stores: [] };

/** Plays a story and accounts for every violation in it. Without a verdict there is none: `runner.play.problem`. */
export function accountForStory(runner: PlayRunner, story: Story): PlayAccount[] {
  const violations = runner.run(story) ?? [];
  const { play } = runner;
  const accounts = new Map<string, PlayAccount>();
  for (const { clause, entry } of violations) {
    const trace = tracePlay(runner, story, play.entries.indexOf(entry) + 1);
    const { steps, stores } = trace.get(entry.observed?.stage ?? runner.session.stages[0]) ?? NO_TRACE;
    const step = blamedStep(steps, clause, entry);
    const signature = signatureOf(runner, clause, entry, steps, step);
    const key = signatureKey(signature);
    if (!accounts.has(key))
      accounts.set(key, { signature, clause, play, entry, steps, stores, step, ...comparePlay(clause, entry) });
  }
  return [...accounts.values()];
}

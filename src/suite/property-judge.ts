/** One property on one target: draws cases, judges them by this property alone, and tells a violation in full. */
import { stripVTControlCharacters } from 'node:util';
import type fc from 'fast-check';
import {
  type AnyTarget,
  contractId,
  createPlayRunner,
  createRunner,
  isProgram,
  type ProgramTarget,
  type Target,
} from '../campaign/targets/target.js';
import { scenarioValues } from '../case/make-case.js';
import { storyValues } from '../case/play-case.js';
import { type CaseRunner, NO_VERDICT } from '../judge/case-runner.js';
import type { PlayRunner } from '../play/play-runner.js';
import { playFindingText } from '../report/play-text.js';
import { findingText } from '../report/terminal.js';
import { scenarios } from '../scenario/arbitrary.js';
import type { Scenario } from '../scenario/layout.js';
import { stories } from '../story/arbitrary.js';
import type { Story } from '../story/story.js';
import { shorten } from '../text/escape.js';
import { accountFor } from '../triage/account.js';
import { accountForStory } from '../triage/play-account.js';
import type { Signature } from '../triage/violation.js';

/** What was said of one case. */
export type Verdict =
  | { readonly kind: 'holds'; readonly inForce: boolean }
  | { readonly kind: 'violated'; readonly signature: Signature; readonly text: string }
  | { readonly kind: 'none'; readonly problem: string };

export interface PropertyJudge {
  readonly arbitrary: fc.Arbitrary<Scenario> | fc.Arbitrary<Story>;
  /** Values that differ from neutral, by name. */
  named(values: Scenario | Story): Record<string, string>;
  judge(values: Scenario | Story): Verdict;
}

/** @throws ImageError, UsageError as createRunner and createPlayRunner */
export function createPropertyJudge(target: AnyTarget, property: string): PropertyJudge {
  const one = { ...target, properties: [property] };
  return isProgram(one) ? new ProgramPropertyJudge(one) : new StubPropertyJudge(one);
}

const title = (target: AnyTarget): string => `${shorten(target.symbol)} (${shorten(contractId(target))})`;

/** The message of an error has no colours: it goes to files as well. */
function message(text: string, others: readonly { signature: Signature }[]): string {
  const more = others.map(({ signature }) => `  also      ${signature.clause} at ${shorten(signature.place)}`);
  return stripVTControlCharacters([text, ...more].join('\n'));
}

class StubPropertyJudge implements PropertyJudge {
  readonly arbitrary: fc.Arbitrary<Scenario>;
  private readonly runner: CaseRunner;

  constructor(private readonly target: Target) {
    this.runner = createRunner(target);
    this.arbitrary = scenarios(this.runner.space);
  }

  named(values: Scenario): Record<string, string> {
    return scenarioValues(values, this.runner.space.neutral);
  }

  judge(values: Scenario): Verdict {
    const { runner } = this;
    const violated = runner.run(values);
    if (violated === NO_VERDICT) return { kind: 'none', problem: runner.problem };
    return violated === 0 ? { kind: 'holds', inForce: runner.judge.inForce[0] === 1 } : this.tell(values);
  }

  private tell(values: Scenario): Verdict {
    const { runner, target } = this;
    const [account, ...others] = accountFor(runner, values);
    const { signature } = account;
    const finding = { ...signature, scenario: this.named(values) };
    const text = findingText(finding, account, runner, undefined, title(target));
    return { kind: 'violated', signature, text: message(text, others) };
  }
}

class ProgramPropertyJudge implements PropertyJudge {
  readonly arbitrary: fc.Arbitrary<Story>;
  private readonly runner: PlayRunner;

  constructor(private readonly target: ProgramTarget) {
    this.runner = createPlayRunner(target);
    this.arbitrary = stories(this.runner.space);
  }

  named(values: Story): Record<string, string> {
    return storyValues(values, this.runner.space);
  }

  judge(values: Story): Verdict {
    const { runner } = this;
    const violations = runner.run(values);
    if (violations === undefined) return { kind: 'none', problem: runner.play.problem };
    return violations.length === 0 ? { kind: 'holds', inForce: runner.judge.inForce[0] === 1 } : this.tell(values);
  }

  private tell(values: Story): Verdict {
    const { runner, target } = this;
    const [account, ...others] = accountForStory(runner, values);
    const { signature } = account;
    const text = playFindingText({ account }, runner, undefined, title(target));
    return { kind: 'violated', signature, text: message(text, others) };
  }
}

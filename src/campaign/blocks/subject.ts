/** One target made ready: what a campaign asks of it, whatever kind of code it is. */
import type { CaseFile, StoredValues } from '../../case/case-file.js';
import { caseOfPlay, namedStory, storyOf, storyValues } from '../../case/play-case.js';
import { type CaseOrigin, makeCase, scenarioValues } from '../../case/make-case.js';
import { scenarioOf } from '../../case/scenario-of.js';
import type { Image } from '../../image/image.js';
import { sourceLine } from '../../image/line-table.js';
import { type CaseRunner, NO_VERDICT } from '../../judge/case-runner.js';
import { toolVersion } from '../../package-info.js';
import type { PlayRunner } from '../../play/play-runner.js';
import type { Scenario } from '../../scenario/layout.js';
import type { Story } from '../../story/story.js';
import { PlayViolations } from '../../triage/play-violations.js';
import { shrinkFailure } from '../../triage/shrink.js';
import { recordTrace } from '../../triage/trace.js';
import { shrinkStoryFailure } from '../../triage/shrink-story.js';
import { type Signature, signatureKey, traceCase, Violations } from '../../triage/violation.js';
import { accountFor } from '../../triage/account.js';
import { examineScenario } from '../../triage/inputs.js';
import { accountForStory } from '../../triage/play-account.js';
import { type BlockResult, type Parent, runBlock } from './block.js';
import { type Coverage, CoverageSet, NO_COVERAGE } from './coverage.js';
import { PlayCoverage } from './play-coverage.js';
import { examineStory } from '../../triage/story-inputs.js';
import { runProgramBlock } from './program-block.js';
import type { FindingResult, PropertyStatus } from '../records/result.js';
import {
  type AnyTarget,
  contractId,
  createPlayRunner,
  createRunner,
  isProgram,
  type ProgramTarget,
  type Target,
} from '../targets/target.js';

export interface Subject {
  /** `SET/FUNCTION` */
  readonly contractId: string;
  readonly properties: readonly PropertyStatus[];
  /**
   * A pure function of its parameters.
   *
   * @param parent the case from which the cases are made; absent: fresh cases
   */
  runBlock(seed: string, block: number, cases: number, parent?: Parent): BlockResult;
  /** The values that a stored case stands for. */
  valuesOf(file: StoredValues): Scenario | Story;
  /** The reverse: values by name, those that are neutral left out. */
  named(values: Scenario | Story): StoredValues;
  /** Judges one case. @returns undefined if there is no verdict: `problem` says why */
  judge(values: Scenario | Story): Signature[] | undefined;
  readonly problem: string;
  /** All that one case reaches; what has no verdict reaches nothing. */
  reach(values: Scenario | Story): Coverage;
  /**
   * Shrinks a failing case by itself, and makes what is reported of it.
   *
   * @param examine whether to try which of its values matter, which takes longer than the rest; true if not given
   */
  report(signature: Signature, values: Scenario | Story, found: CaseFile['found'], examine?: boolean): ReportedCase;
  /** The case as it was found, for a failure that `report` cannot repeat. */
  keep(signature: Signature, values: Scenario | Story, found: CaseFile['found']): CaseFile;
}

/** What is reported of a finding beside its signature and its hits. */
export interface ReportedCase extends Pick<
  FindingResult,
  'source' | 'scenario' | 'expected' | 'actual' | 'inputs' | 'unrepeated'
> {
  case: CaseFile;
}

/** @throws ImageError, UsageError as createRunner and createPlayRunner */
export function createSubject(target: AnyTarget): Subject {
  return isProgram(target) ? new ProgramSubject(target) : new StubSubject(target);
}

/** A finding that was just made and does not repeat is a defect of the tool; one that was read from a file is none. */
export class NotRepeated extends Error {}

/** The account of one finding, on the interpreter. @throws NotRepeated */
export function accountOf<T extends { signature: Signature }>(accounts: readonly T[], signature: Signature): T {
  const account = accounts.find((candidate) => signatureKey(candidate.signature) === signatureKey(signature));
  if (account === undefined) throw new NotRepeated(`a finding did not repeat: ${signatureKey(signature)}`);
  return account;
}

/** The line of the instruction to blame, where the image has line tables. */
function sourceOf(image: Image, address: bigint | undefined): Pick<FindingResult, 'source'> {
  const source = address === undefined ? undefined : sourceLine(image, address);
  return source === undefined ? {} : { source };
}

function originOf({ name, set }: AnyTarget, found: CaseFile['found']): CaseOrigin {
  return { tool: toolVersion(), target: name, set, found };
}

class StubSubject implements Subject {
  private readonly runner: CaseRunner;

  constructor(private readonly target: Target) {
    this.runner = createRunner(target);
  }

  get contractId(): string {
    return this.runner.compiled.id;
  }

  get properties(): readonly PropertyStatus[] {
    return this.runner.judge.properties.map(({ property, ...rest }) => ({ name: property.name, ...rest }));
  }

  get problem(): string {
    return this.runner.problem;
  }

  runBlock(seed: string, block: number, cases: number, parent?: Parent): BlockResult {
    return runBlock(this.runner, this.target.name, seed, block, cases, 'when hot', parent);
  }

  valuesOf(file: StoredValues): Scenario {
    return scenarioOf(file, this.runner.space.neutral);
  }

  named(values: Scenario): StoredValues {
    return { scenario: scenarioValues(values, this.runner.space.neutral) };
  }

  judge(values: Scenario): Signature[] | undefined {
    const violated = this.runner.run(values);
    if (violated === NO_VERDICT) return undefined;
    return violated > 0 ? new Violations(this.runner).signatures(violated) : [];
  }

  reach(values: Scenario): Coverage {
    const { runner } = this;
    if (runner.run(values) === NO_VERDICT) return NO_COVERAGE;
    const covered = new CoverageSet(runner.target.entry);
    covered.addSteps(recordTrace(runner.harness, values, 0).steps);
    return covered.coverage();
  }

  report(signature: Signature, values: Scenario, found: CaseFile['found'], examine = true): ReportedCase {
    const { runner, target } = this;
    const simplest = shrinkFailure(runner, values, signature);
    const { traces, step, expected, actual } = accountOf(accountFor(runner, simplest), signature);
    const inputs = examine ? examineScenario(runner, simplest, signature) : [];
    // The case is made from the run that is reported, not from the last candidate of the shrinker or of the experiment.
    runner.run(simplest);
    return {
      ...sourceOf(target.image, traces.base.steps[step]?.address ?? runner.target.entry),
      scenario: scenarioValues(simplest, runner.space.neutral),
      expected,
      actual,
      inputs,
      case: makeCase(runner, signature, traceCase(runner), originOf(target, found)),
    };
  }

  keep(signature: Signature, values: Scenario, found: CaseFile['found']): CaseFile {
    this.runner.run(values);
    return makeCase(this.runner, signature, traceCase(this.runner), originOf(this.target, found));
  }
}

class ProgramSubject implements Subject {
  private readonly runner: PlayRunner;

  constructor(private readonly target: ProgramTarget) {
    this.runner = createPlayRunner(target);
  }

  get contractId(): string {
    return contractId(this.target);
  }

  get properties(): readonly PropertyStatus[] {
    return this.runner.judge.properties.map(({ property, ...rest }) => ({ name: property.name, ...rest }));
  }

  get problem(): string {
    return this.runner.play.problem;
  }

  runBlock(seed: string, block: number, cases: number, parent?: Parent): BlockResult {
    return runProgramBlock(this.runner, this.target.name, seed, block, cases, parent);
  }

  valuesOf(file: StoredValues): Story {
    return storyOf(file, this.runner.space);
  }

  named(values: Story): StoredValues {
    return { scenario: {}, story: namedStory(values, this.runner.space) };
  }

  judge(values: Story): Signature[] | undefined {
    const violations = this.runner.run(values);
    return violations === undefined ? undefined : new PlayViolations(this.runner).signatures(violations);
  }

  reach(values: Story): Coverage {
    const { runner } = this;
    if (runner.run(values) === undefined) return NO_COVERAGE;
    const covered = new PlayCoverage(runner);
    covered.note();
    return covered.coverage();
  }

  report(signature: Signature, values: Story, found: CaseFile['found'], examine = true): ReportedCase {
    const { runner, target } = this;
    const simplest = shrinkStoryFailure(runner, values, signature);
    const { entry, steps, step, expected, actual } = accountOf(accountForStory(runner, simplest), signature);
    const inputs = examine ? examineStory(runner, simplest, signature) : [];
    runner.run(simplest);
    return {
      ...sourceOf(target.image, steps[step]?.address ?? entry.observed?.at),
      scenario: storyValues(simplest, runner.space),
      expected,
      actual,
      inputs,
      case: caseOfPlay(runner, target.symbol, signature, originOf(target, found)),
    };
  }

  keep(signature: Signature, values: Story, found: CaseFile['found']): CaseFile {
    this.runner.run(values);
    return caseOfPlay(this.runner, this.target.symbol, signature, originOf(this.target, found));
  }
}

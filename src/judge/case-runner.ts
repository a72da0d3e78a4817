/** Runs and judges one case: the base run, the companion runs that its properties need, the prediction, the verdict. */
import { Predictor } from '../../models/predict/predictor.js';
import { stubRules } from '../../models/predict/stub.js';
import type { StubProperty } from '../clause/property.js';
import type { CompiledContract } from '../contract/compiled.js';
import { AccessComparison } from '../harness/access-comparison.js';
import { functionCode, type FunctionCode } from '../harness/function-code.js';
import type { Code } from '../harness/code.js';
import { Harness } from '../harness/harness.js';
import type { EngineOptions } from '../stage/stage.js';
import { END, FACT } from '../observation/layout.js';
import { changeGuestSecrets, changeHostValues } from '../scenario/companion.js';
import { dictionary } from '../scenario/dictionary.js';
import { createScenario, type Scenario } from '../scenario/layout.js';
import { type ScenarioSpace, scenarioSpace } from '../scenario/space.js';
import type { StageObserver } from '../stage/observer.js';

import { CaseContext } from './context.js';
import { Judge } from './judge.js';

/** Values that are put in place of others while a case runs, and in what was observed of it. */
export interface PutInPlace {
  /** For one run: told of every step of it. */
  observer(): StageObserver | undefined;
  behind(observation: Int32Array): void;
}

/** What `run` returns when something that nothing models was reached; `CaseRunner.problem` says what. */
export const NO_VERDICT = -1;

export class CaseRunner {
  readonly harness: Harness;
  readonly judge: Judge;
  readonly space: ScenarioSpace;
  readonly context: CaseContext;
  readonly code: FunctionCode;
  /** Machine runs since the runner was made. */
  executions = 0;
  /** Why the last case has no verdict. */
  problem = '';
  /** Low half of the address before which the interrupt of the last base run was delivered, 0 if none was. */
  interruptedAt = 0;
  /** The companions of the last case, where they were run. */
  readonly guestScenario: Scenario;
  readonly hostScenario: Scenario;
  private readonly predictor: Predictor;
  /** Where a clause asks for it. */
  private readonly accesses: AccessComparison | undefined;

  /** @param size bytes of the function's code */
  constructor(
    readonly target: Code,
    readonly size: number,
    readonly compiled: CompiledContract,
    properties: readonly StubProperty[],
    engine?: EngineOptions,
  ) {
    this.code = functionCode(target.image, target.entry, size);
    this.harness = new Harness(target, compiled, engine);
    this.judge = new Judge(properties, compiled, this.code.summary);
    const harvested = this.code.instructions.flatMap(({ immediates }) => immediates);
    this.space = scenarioSpace(
      compiled,
      dictionary(compiled.contract.instruction, harvested),
      this.code.instructions.length,
    );
    this.guestScenario = createScenario(this.space.roles.length);
    this.hostScenario = createScenario(this.space.roles.length);
    this.context = new CaseContext(compiled, this.space.neutral);
    this.predictor = new Predictor(stubRules(compiled), compiled);
    this.accesses = this.judge.comparesAccesses ? new AccessComparison() : undefined;
    this.space.instructions = Math.max(this.space.instructions, this.longestRun());
  }

  /** Instructions of the neutral run and of the one with every flag set: what the function calls counts as well. */
  private longestRun(): number {
    const { space, context, harness, compiled } = this;
    const scenario = space.neutral.slice();
    let longest = 0;
    for (const flags of [0, compiled.flagMask]) {
      if (space.flagsSlot >= 0) scenario[2 * space.flagsSlot] = flags;
      harness.run(scenario, 0, context.base);
      // An endless loop needs no more boundaries than a long function has.
      if (context.end !== END.budget) longest = Math.max(longest, context.base[2 * FACT.instructions]);
    }
    return longest;
  }

  /**
   * @param put something that is put in place in every run of the case: an experiment
   * @returns number of violated clauses (indices in `judge.violated`), or NO_VERDICT
   */
  run(scenario: Scenario, put?: PutInPlace): number {
    const { context, harness, judge } = this;
    context.scenario = scenario;
    context.hasGuestCompanion = false;
    context.hasHostCompanion = false;
    if (!this.execute(scenario, 0, context.base, put)) return NO_VERDICT;
    this.interruptedAt = harness.interruptedAt;
    // Nothing flows to or from a host or a TD that was not there; and where the caller's block lies in the function's own
    // frame, flows are the caller's doing.
    if ((context.hostAnswered || context.tdAnswered) && !context.blockOverlapsStack) {
      if (judge.needsGuest) {
        changeGuestSecrets(scenario, this.space, context.exposedMask, this.guestScenario);
        context.hasGuestCompanion = true;
        const { accesses } = this;
        accesses?.remember(harness.machine, harness.placement, context.base);
        if (!this.executeCompanion(this.guestScenario, 1, context.guest, put)) return NO_VERDICT;
        accesses?.compare(harness.machine, harness.placement, context.guest);
      }
      if (judge.needsHost) {
        changeHostValues(scenario, this.space, this.hostScenario);
        context.hasHostCompanion = true;
        if (!this.executeCompanion(this.hostScenario, 0, context.host, put)) return NO_VERDICT;
      }
    }
    this.predictor.predict(scenario, context.base, context.prediction);
    return judge.judge(context);
  }

  private execute(scenario: Scenario, memory: 0 | 1, observation: Int32Array, put?: PutInPlace): boolean {
    this.harness.run(scenario, memory, observation, put?.observer());
    put?.behind(observation);
    return this.hasVerdict();
  }

  private executeCompanion(scenario: Scenario, memory: 0 | 1, observation: Int32Array, put?: PutInPlace): boolean {
    if (put !== undefined) return this.execute(scenario, memory, observation, put);
    this.harness.runCompanion(scenario, memory, observation);
    return this.hasVerdict();
  }

  private hasVerdict(): boolean {
    this.executions++;
    this.problem = this.harness.problem;
    return this.problem === '';
  }
}

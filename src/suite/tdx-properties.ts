/** A target as properties of fast-check: for `fc.assert`, `test.prop` of @fast-check/vitest, or any other test runner. */
import { join } from 'node:path';
import fc from 'fast-check';
import { PROPERTY_NAMES } from '../../properties/all.js';
import { selectProperties } from '../campaign/targets/select-targets.js';
import { makeFinding } from '../campaign/records/make-finding.js';
import { openRunner } from '../run/open-runner.js';
import type { Runner } from '../run/runner.js';
import type { AnyTarget } from '../run/target.js';
import { writeCase } from '../stored/write-case.js';
import { UsageError } from '../errors.js';
import { shorten } from '../text/escape.js';
import type { Signature } from '../finding/signature.js';
import { PropertyJudge } from './property-judge.js';
import { resolveTarget, type TdxTarget, titleOf } from './resolve-target.js';
import { TdxCase } from './tdx-case.js';

export interface TdxOptions {
  /** Globs over property names, as `--property` of the command line; all properties if not given. */
  property?: readonly string[] | undefined;
  /** A folder: what is found is also written there as a case file, for `tdxfuzz replay` and `tdxfuzz keep`. */
  out?: string | undefined;
}

/** What fast-check's own parameters may say of a run. */
export type TdxRun = Omit<fc.Parameters<[TdxCase]>, 'plugins' | 'reporter' | 'asyncReporter'>;

/**
 * A case violates a property. The message tells rule, clause, place, expected and found, the case's values by name, and
 * the instructions around the one to blame.
 */
export class TdxViolation extends Error {
  override readonly name: string = 'TdxViolation';
  /** Not a field of its own: test runners print those again below the message. */
  readonly #signature: Signature;

  constructor(message: string, signature: Signature) {
    super(message);
    this.#signature = signature;
  }

  /** Property, clause, register or slot, and place. */
  get signature(): Signature {
    return this.#signature;
  }
}

/** Nothing can be said: an unknown instruction, an unmodelled symbol, a property that no case put in force. Never a pass. */
export class NoVerdictError extends Error {
  override readonly name: string = 'NoVerdictError';
}

/** One property on one target, ready to be asserted. */
export interface TdxProperty {
  /** The stable name, `scrubs-host-values`: `tdxfuzz explain NAME` tells the rule. */
  readonly name: string;
  /** `holds by decode`: the code cannot even touch the state concerned. What is left to see is that every case has a verdict. */
  readonly status: 'judged' | 'holds by decode';
  /** Draws cases from the target's whole mixture; shrinks to the neutral case first, then bit by bit. */
  readonly arbitrary: fc.Arbitrary<TdxCase>;
  /** Runs and judges one case. @throws TdxViolation @throws NoVerdictError */
  readonly predicate: (value: TdxCase) => void;
  /**
   * For `plugins` of fast-check's parameters: the error of a failing run is the violation itself, with seed and path; and a
   * run in which the property was in force in no case fails ("not evaluated").
   */
  readonly report: fc.Plugin<[TdxCase]>;
  /** Cases so far in which a clause of the property was in force. */
  readonly evaluated: number;
  /** The same with plain fast-check. @throws TdxViolation @throws NoVerdictError */
  assert(run?: TdxRun): void;
}

/** A property that says nothing of the target. */
export interface NotApplicable {
  readonly name: string;
  readonly status: 'not applicable';
  readonly reason: string;
}

export interface TdxSuite {
  /** Target, contract and image in one line. */
  readonly title: string;
  /** Every property that was asked for, in the order of the reports. */
  readonly properties: readonly (TdxProperty | NotApplicable)[];
}

/**
 * Every property of a target that can be asserted.
 *
 * @throws UsageError if something named does not exist, or if no property can be judged on the target
 * @throws ImageError if the image cannot be used
 */
export function tdxProperties(target: TdxTarget, options: TdxOptions = {}): TdxProperty[] {
  return tdxSuite(target, options).properties.filter((property) => property.status !== 'not applicable');
}

/** As {@link tdxProperties}, together with the properties that do not apply, and why. */
export function tdxSuite(target: TdxTarget, { property = [], out }: TdxOptions = {}): TdxSuite {
  const resolved = resolveTarget(target);
  const chosen = selectProperties(property, PROPERTY_NAMES);
  const described = chosen === undefined ? resolved : { ...resolved, properties: chosen };
  const runner = openRunner(described);
  if (!runner.properties.some(({ status }) => status === 'judged'))
    throw new UsageError(`${shorten(resolved.name)}: ${unjudged(runner)}; choose other properties`);
  return {
    title: titleOf(resolved),
    properties: runner.properties.map(({ property: { name }, status, reason = '' }) =>
      status === 'not applicable' ? { name, status, reason } : new JudgedProperty(resolved, name, status, out),
    ),
  };
}

function unjudged({ properties }: Runner): string {
  if (properties.length === 0) return 'none of the chosen properties speaks of this program';
  const states = properties.map(
    ({ property: { name }, status, reason }) => `${name} ${status}${reason ? ` (${reason})` : ''}`,
  );
  return `no property can be judged: ${states.join(', ')}`;
}

class JudgedProperty implements TdxProperty {
  readonly arbitrary: fc.Arbitrary<TdxCase>;
  private readonly judge: PropertyJudge;
  private inForce = 0;

  constructor(
    private readonly target: AnyTarget,
    readonly name: string,
    readonly status: TdxProperty['status'],
    private readonly out: string | undefined,
  ) {
    const judge = (this.judge = new PropertyJudge(target, name));
    const named = judge.named.bind(judge);
    const arbitrary: fc.Arbitrary<TdxCase['values']> = judge.arbitrary;
    this.arbitrary = arbitrary.map(
      (values) => new TdxCase(values, named),
      (value) => (value as TdxCase).values,
    );
  }

  get evaluated(): number {
    return this.inForce;
  }

  readonly predicate = ({ values }: TdxCase): void => {
    const verdict = this.judge.judge(values);
    switch (verdict.kind) {
      case 'none':
        throw new NoVerdictError(`${shorten(this.target.name)}: ${this.name}: no verdict: ${verdict.problem}`);
      case 'violated':
        this.inForce++;
        throw new TdxViolation(verdict.text, verdict.signature);
      case 'holds':
        if (verdict.inForce) this.inForce++;
    }
  };

  readonly report: fc.Plugin<[TdxCase]> = () => {
    const before = this.inForce;
    return {
      onAllRunsComplete: (details) => {
        if (details.failed) this.fail(details);
        else if (this.status === 'judged' && this.inForce === before) throw this.notEvaluated(details);
      },
    };
  };

  assert(run: TdxRun = {}): void {
    fc.assert(fc.property(this.arbitrary, this.predicate), { ...run, plugins: [this.report] });
  }

  /** What is not of our making (an interrupted run, say) is left to fast-check's own report. */
  private fail({ errorInstance, counterexample, seed, counterexamplePath, numRuns, numShrinks }: Details): void {
    const lines = [
      `  found in  case ${numRuns}, shrunk in ${numShrinks} step${numShrinks === 1 ? '' : 's'}`,
      `  again     { seed: ${seed}, path: "${counterexamplePath}", endOnFailure: true }`,
    ];
    if (errorInstance instanceof NoVerdictError)
      throw withoutFrames(
        new NoVerdictError([errorInstance.message, `  case      ${String(counterexample?.[0])}`, ...lines].join('\n')),
      );
    if (!(errorInstance instanceof TdxViolation) || counterexample === null) return;
    const { message, signature } = errorInstance;
    if (this.out !== undefined)
      lines.push(`  replay    npx tdxfuzz replay ${this.keep(this.out, signature, counterexample[0])}`);
    throw withoutFrames(new TdxViolation([message, ...lines].join('\n'), signature));
  }

  private keep(out: string, signature: Signature, { values }: TdxCase): string {
    return writeCase(join(out, 'cases'), makeFinding(openRunner(this.target), signature, values, null).case);
  }

  private notEvaluated({ numRuns, seed }: Details): NoVerdictError {
    const cases = numRuns === 1 ? 'the one case did not put' : `none of ${numRuns} cases put`;
    return withoutFrames(
      new NoVerdictError(
        `${shorten(this.target.name)}: ${this.name}: not evaluated: ${cases} it in force (seed ${seed}); raise numRuns`,
      ),
    );
  }
}

/** What went wrong is in the machine code: frames of the tool would only hide it. */
function withoutFrames<T extends Error>(error: T): T {
  error.stack = `${error.name}: ${error.message}`;
  return error;
}

type Details = fc.RunDetails<[TdxCase]>;

/** One run: stored cases first, then fresh blocks; failures merged, shrunk and turned into findings. */
import { performance } from 'node:perf_hooks';
import { makeCase, scenarioValues } from '../case/make-case.js';
import { scenarioOf } from '../case/scenario-of.js';
import type { StoredCase } from '../case/stored-cases.js';
import { type CaseRunner, NO_VERDICT } from '../judge/case-runner.js';
import { toolVersion } from '../package-info.js';
import type { Scenario } from '../scenario/layout.js';
import { shrinkFailure } from '../triage/shrink.js';
import { type Signature, signatureKey, traceCase, Violations } from '../triage/violation.js';
import { compute } from './compute.js';
import { Merge, type TargetTotals } from './merge.js';
import { type FindingResult, type PropertyResult, RESULT_SCHEMA, type RunResult, type TargetResult } from './result.js';
import { type Budget, schedule } from './schedule.js';
import { createRunner, type Target } from './target.js';

export interface FuzzOptions {
  targets: readonly Target[];
  seed: string;
  budget: Budget;
  workers: number;
  /** Replayed on every target with the same contract set and symbol. */
  stored?: readonly StoredCase[];
  /** Told of progress: cases done so far over all targets. */
  onProgress?: (cases: number) => void;
  /** True once the user wants it to end. */
  stopped?: () => boolean;
}

export async function fuzz(options: FuzzOptions): Promise<RunResult> {
  const { targets, seed, budget, workers, stored = [], onProgress, stopped = () => false } = options;
  const started = performance.now();
  const runners = targets.map((target) => createRunner(target));
  const merges = targets.map(() => new Merge());
  let done = 0;
  await compute(
    schedule(targets.length, budget, () => performance.now(), stopped),
    {
      targets,
      runners,
      seed,
      workers,
      onBlock(target, result) {
        merges[target].add(result);
        done += result.cases;
        onProgress?.(done);
      },
    },
  );
  const results = targets.map((target, index) =>
    conclude(target, runners[index], merges[index].totals(), seed, stored),
  );
  const milliseconds = performance.now() - started;
  return {
    schema: RESULT_SCHEMA,
    result: { tool: toolVersion(), seed, runs: Math.max(0, ...results.map(({ cases }) => cases)), targets: results },
    run: {
      node: process.version,
      workers,
      milliseconds: Math.round(milliseconds),
      casesPerSecond: Math.round(done / (milliseconds / 1000)),
      interrupted: stopped(),
      out: null,
    },
  };
}

/** Failures of the fresh blocks and of the stored cases become findings, each shrunk by itself. */
function conclude(
  target: Target,
  runner: CaseRunner,
  totals: TargetTotals,
  seed: string,
  stored: readonly StoredCase[],
): TargetResult {
  const findings = new Map<string, FindingResult>();
  const matching = stored.filter(
    ({ file }) => file.contract.set === target.set && file.contract.body.symbol === target.contract.symbol,
  );
  let problem = totals.problem;
  for (const { name, file } of matching) {
    const scenario = scenarioOf(file, runner.space.neutral);
    const violated = runner.run(scenario);
    if (violated === NO_VERDICT) {
      problem ??= runner.problem;
      continue;
    }
    for (const signature of violated > 0 ? new Violations(runner).signatures(violated) : []) {
      const key = signatureKey(signature);
      const known = findings.get(key);
      if (known !== undefined) known.hits++;
      else findings.set(key, finding(target, runner, scenario, signature, 1, { replayed: name }, seed));
    }
  }
  for (const { signature, hits, block, index, scenario } of totals.failures) {
    const key = signatureKey(signature);
    const known = findings.get(key);
    if (known !== undefined) known.hits += hits;
    else findings.set(key, finding(target, runner, scenario, signature, hits, { block, index }, seed));
  }
  return {
    target: target.name,
    symbol: target.symbol,
    contract: runner.compiled.id,
    image: target.image.name,
    imageHash: target.image.hash,
    cases: totals.cases,
    executions: totals.executions,
    replayed: matching.length,
    properties: properties(runner, totals, [...findings.values()]),
    classes: totals.classes,
    findings: [...findings.values()],
    ...(problem !== undefined && { problem }),
  };
}

function finding(
  target: Target,
  runner: CaseRunner,
  scenario: Scenario,
  signature: Signature,
  hits: number,
  first: FindingResult['first'],
  seed: string,
): FindingResult {
  const simplest = shrinkFailure(runner, scenario, signature);
  // The case is made from the run that is reported, not from the last candidate of the shrinker.
  runner.run(simplest);
  const traces = traceCase(runner);
  const found = 'block' in first ? { seed, block: first.block, index: first.index } : null;
  return {
    ...signature,
    hits,
    first,
    scenario: scenarioValues(simplest, runner.space.neutral),
    case: makeCase(runner, signature, traces, { tool: toolVersion(), target: target.name, set: target.set, found }),
  };
}

function properties(runner: CaseRunner, totals: TargetTotals, findings: readonly FindingResult[]): PropertyResult[] {
  return runner.judge.properties.map(({ property, status, reason }, index) => {
    const cases = totals.inForce[index] ?? 0;
    const violated = findings.some((found) => found.property === property.name);
    const judged = violated ? 'violated' : cases > 0 ? 'holds' : 'not evaluated';
    return {
      property: property.name,
      status: status === 'judged' ? judged : status,
      cases,
      ...(reason !== undefined && { reason }),
    };
  });
}

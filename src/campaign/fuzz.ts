/** One run: stored cases first, then fresh blocks; failures merged, shrunk and turned into findings. */
import { performance } from 'node:perf_hooks';
import type { StoredCase } from '../case/stored-cases.js';
import { toolVersion } from '../package-info.js';
import { type Signature, signatureKey } from '../triage/violation.js';
import { compute } from './compute.js';
import { coverageByFunction } from './coverage.js';
import { fingerprint } from './fingerprint.js';
import { Merge, type TargetTotals } from './merge.js';
import { type Replay, replaysOf } from './replays.js';
import {
  type FindingResult,
  type PropertyResult,
  RESULT_SCHEMA,
  type RunResult,
  SEEDS_OF_THEIR_OWN,
  type TargetResult,
} from './result.js';
import { type Budget, schedule } from './schedule.js';
import { createSubject, type Subject } from './subject.js';
import type { AnyTarget } from './target.js';

export interface FuzzOptions {
  targets: readonly AnyTarget[];
  /** One for all targets, or one for each; what is in a target's result depends on its own alone. */
  seed: string | ((target: AnyTarget) => string);
  budget: Budget;
  workers: number;
  /** Replayed on every target that they speak of. */
  stored?: readonly StoredCase[];
  /** Told of progress: cases done so far over all targets. */
  onProgress?: (cases: number) => void;
  /** True once the user wants it to end. */
  stopped?: () => boolean;
}

export async function fuzz(options: FuzzOptions): Promise<RunResult> {
  const { targets, seed, budget, workers, stored = [], onProgress, stopped = () => false } = options;
  const started = performance.now();
  const subjects = targets.map((target) => createSubject(target));
  const replays = targets.map((target, index) => replaysOf(target, subjects[index], stored));
  const merges = targets.map(() => new Merge());
  const seeds = targets.map((target) => (typeof seed === 'string' ? seed : seed(target)));
  let done = 0;
  await compute(
    schedule(targets.length, budget, () => performance.now(), stopped),
    {
      targets,
      subjects,
      seeds,
      workers,
      onBlock(target, result) {
        merges[target].add(result);
        done += result.cases;
        onProgress?.(done);
      },
    },
  );
  const results = targets.map((target, index) =>
    conclude(target, subjects[index], merges[index].totals(), seeds[index], replays[index]),
  );
  const milliseconds = performance.now() - started;
  return {
    schema: RESULT_SCHEMA,
    result: {
      tool: toolVersion(),
      seed: typeof seed === 'string' ? seed : SEEDS_OF_THEIR_OWN,
      runs: Math.max(0, ...results.map(({ cases }) => cases)),
      targets: results,
    },
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
  target: AnyTarget,
  subject: Subject,
  totals: TargetTotals,
  seed: string,
  replays: readonly Replay[],
): TargetResult {
  const findings = new Map<string, FindingResult>();
  const add = (signature: Signature, values: Replay['values'], hits: number, first: FindingResult['first']): void => {
    const key = signatureKey(signature);
    const known = findings.get(key);
    if (known !== undefined) known.hits += hits;
    else {
      const found = 'block' in first ? { seed, block: first.block, index: first.index } : null;
      findings.set(key, { ...signature, hits, first, ...subject.report(signature, values, found) });
    }
  };
  let problem = totals.problem;
  for (const { name, values } of replays) {
    const signatures = subject.judge(values);
    if (signatures === undefined) problem ??= subject.problem;
    for (const signature of signatures ?? []) add(signature, values, 1, { replayed: name });
  }
  for (const { signature, hits, block, index, values } of totals.failures)
    add(signature, values, hits, { block, index });
  return {
    target: target.name,
    symbol: target.symbol,
    contract: subject.contractId,
    image: target.image.name,
    imageHash: target.image.hash,
    fingerprint: fingerprint(target),
    seed,
    cases: totals.cases,
    executions: totals.executions,
    replayed: replays.length,
    properties: properties(subject, totals, [...findings.values()]),
    classes: totals.classes,
    coverage: coverageByFunction(target.image, target.symbol, totals.coverage),
    findings: [...findings.values()],
    ...(problem !== undefined && { problem }),
  };
}

function properties(subject: Subject, totals: TargetTotals, findings: readonly FindingResult[]): PropertyResult[] {
  return subject.properties.map(({ name, status, reason }, index) => {
    const cases = totals.inForce[index] ?? 0;
    const violated = findings.some((found) => found.property === name);
    const judged = violated ? 'violated' : cases > 0 ? 'holds' : 'not evaluated';
    return {
      property: name,
      status: status === 'judged' ? judged : status,
      cases,
      ...(reason !== undefined && { reason }),
    };
  });
}

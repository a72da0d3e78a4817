/** One run: stored cases first, then fresh blocks; failures merged, shrunk and turned into findings. */
import { performance } from 'node:perf_hooks';
import type { StoredCase } from '../case/stored-cases.js';
import { toolVersion } from '../package-info.js';
import { type Signature, signatureKey } from '../triage/violation.js';
import { compute } from './compute.js';
import { coverageByFunction } from './coverage.js';
import { fingerprint } from './fingerprint.js';
import { Merge, type TargetTotals } from './merge.js';
import { type FindingResult, type PropertyResult, RESULT_SCHEMA, type RunResult, type TargetResult } from './result.js';
import { type Budget, schedule } from './schedule.js';
import { createSubject, type Subject } from './subject.js';
import { type AnyTarget, isProgram } from './target.js';

export interface FuzzOptions {
  targets: readonly AnyTarget[];
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
  const subjects = targets.map((target) => createSubject(target));
  const merges = targets.map(() => new Merge());
  let done = 0;
  await compute(
    schedule(targets.length, budget, () => performance.now(), stopped),
    {
      targets,
      subjects,
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
    conclude(target, subjects[index], merges[index].totals(), seed, stored),
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
  target: AnyTarget,
  subject: Subject,
  totals: TargetTotals,
  seed: string,
  stored: readonly StoredCase[],
): TargetResult {
  const findings = new Map<string, FindingResult>();
  const contract = isProgram(target) ? target.program : target.contract;
  const matching = stored.filter(
    ({ file: { contract: kept } }) =>
      kept.set === target.set && kept.body.symbol === contract.symbol && programOf(kept.body) === programOf(contract),
  );
  const add = (signature: Signature, values: Values, hits: number, first: FindingResult['first']): void => {
    const key = signatureKey(signature);
    const known = findings.get(key);
    if (known !== undefined) known.hits += hits;
    else {
      const found = 'block' in first ? { seed, block: first.block, index: first.index } : null;
      findings.set(key, { ...signature, hits, first, ...subject.report(signature, values, found) });
    }
  };
  let problem = totals.problem;
  for (const { name, file } of matching) {
    const values = subject.valuesOf(file);
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
    replayed: matching.length,
    properties: properties(subject, totals, [...findings.values()]),
    classes: totals.classes,
    coverage: coverageByFunction(target.image, target.symbol, totals.coverage),
    findings: [...findings.values()],
    ...(problem !== undefined && { problem }),
  };
}

type Values = ReturnType<Subject['valuesOf']>;

/** Of two contracts with one symbol: which program, or undefined for a stub. */
function programOf(contract: object): unknown {
  return 'program' in contract ? contract.program : undefined;
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

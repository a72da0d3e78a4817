/** One run: stored cases first, then fresh blocks; failures merged, shrunk and turned into findings. */
import { performance } from 'node:perf_hooks';
import type { StoredCase } from '../case/stored-cases.js';
import type { Failure } from './failures.js';
import { CampaignLog, prepare } from './campaign-log.js';
import { compute } from './compute.js';
import { Merge } from './merge.js';
import type { RecordFile } from './record-file.js';
import { Reporter } from './reporter.js';
import type { RunResult } from './result.js';
import { type Budget, schedule } from './schedule.js';
import { type Shard, WHOLE } from './shard.js';
import { createSubject } from './subject.js';
import { type AnyTarget, isProgram } from './target.js';

export interface FuzzOptions {
  targets: readonly AnyTarget[];
  /** One for all targets, or for each its own. */
  seed: string | ((target: AnyTarget) => string);
  budget: Budget;
  workers: number;
  /** Replayed on every target with the same contract set and symbol. */
  stored?: readonly StoredCase[];
  /** The part of the blocks that is computed here; all if not given. */
  shard?: Shard;
  /** Where records are written, to be merged with those of other shards. */
  records?: RecordFile;
  /** Told of progress: cases done so far over all targets. */
  onProgress?: (cases: number) => void;
  /** True once the user wants it to end. */
  stopped?: () => boolean;
}

/** What a result says of its seed where every target has its own. */
const SEEDS_OF_TARGETS = 'from the code';

export async function fuzz(options: FuzzOptions): Promise<RunResult> {
  const { targets, seed, budget, workers, stored = [], shard = WHOLE, onProgress, stopped = () => false } = options;
  const started = performance.now();
  const prepared = targets.map((target) =>
    prepare(target, createSubject(target), typeof seed === 'string' ? seed : seed(target)),
  );
  const log = new CampaignLog(prepared, typeof seed === 'string' ? seed : SEEDS_OF_TARGETS, options.records);
  const merges = targets.map(() => new Merge<Failure>());
  let done = 0;
  await compute(
    schedule(targets.length, budget, () => performance.now(), stopped, shard),
    {
      targets,
      subjects: prepared.map(({ subject }) => subject),
      seeds: prepared.map((target) => target.seed),
      workers,
      onResult(task, result) {
        merges[task.target].add(result);
        log.blocks(task, result);
        done += result.cases;
        onProgress?.(done);
      },
    },
  );
  prepared.forEach((target, index) => {
    const reporter = new Reporter(log, target, index);
    for (const one of casesFor(target.target, stored)) reporter.replay(one);
    for (const { signature, block, index: at, values } of merges[index].totals().failures)
      reporter.report(signature, values, { block, index: at });
  });
  log.end(shard, workers, performance.now() - started, stopped());
  return log.result();
}

/** The stored cases that speak of a target: same contract set, same function. */
export function casesFor(target: AnyTarget, stored: readonly StoredCase[]): readonly StoredCase[] {
  const contract = isProgram(target) ? target.program : target.contract;
  return stored.filter(
    ({ file: { contract: kept } }) =>
      kept.set === target.set && kept.body.symbol === contract.symbol && programOf(kept.body) === programOf(contract),
  );
}

/** Of two contracts with one symbol: which program, or undefined for a stub. */
function programOf(contract: object): unknown {
  return 'program' in contract ? contract.program : undefined;
}

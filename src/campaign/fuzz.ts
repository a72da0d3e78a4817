/** One run: stored cases first, then fresh blocks; failures merged, shrunk and turned into findings. */
import { performance } from 'node:perf_hooks';
import type { StoredCase } from '../stored/stored-cases.js';
import type { Failure } from './blocks/failures.js';
import { CampaignLog, prepare, type Prepared } from './records/campaign-log.js';
import { compute } from './blocks/compute.js';
import { Merge } from './records/merge.js';
import type { Origin } from './records/origin.js';
import type { RecordFile } from './records/record-file.js';
import { Reporter } from './records/reporter.js';
import { type Replay, replaysOf } from './records/replays.js';
import { type RunResult, SEEDS_OF_THEIR_OWN } from './records/result.js';
import { type Budget, casesOf, schedule } from './blocks/schedule.js';
import { type Shard, WHOLE } from './records/shard.js';
import { type Signature, signatureKey, Signatures } from '../finding/signature.js';
import { openRunner } from '../run/open-runner.js';
import type { AnyTarget } from '../run/target.js';

export interface FuzzProgress {
  /** Targets that have had all of their cases; none with a time limit. */
  targets: number;
  /** Different violations so far: how many findings they come to is known at the end. */
  violations: number;
}

export interface FuzzOptions {
  targets: readonly AnyTarget[];
  /** One for all targets, or for each its own. */
  seed: string | ((target: AnyTarget) => string);
  budget: Budget;
  workers: number;
  /** Replayed on every target that they speak of. */
  stored?: readonly StoredCase[];
  /** The part of the blocks that is computed here; all if not given. */
  shard?: Shard;
  /** Where records are written, to be merged with those of other shards. */
  records?: RecordFile;
  /** Whether findings say which of their values matter, which takes longer than finding them; true if not given. */
  examine?: boolean;
  /** Where the process runs, for the `run` of the result. */
  origin?: Origin;
  /** Told of progress: cases done so far over all targets, and what else there is. */
  onProgress?: (cases: number, progress: FuzzProgress) => void;
  /**
   * Asked of every violation, where the user wants to be told at once: true ends the run with what there is.
   */
  failsFast?: (target: string, signature: Signature) => boolean;
  /** True once the user wants it to end. */
  stopped?: () => boolean;
}

export async function fuzz(options: FuzzOptions): Promise<RunResult> {
  const { targets, seed, budget, workers, stored = [], shard = WHOLE, onProgress } = options;
  const started = performance.now();
  const prepared = targets.map((target) =>
    prepare(target, openRunner(target), typeof seed === 'string' ? seed : seed(target)),
  );
  const replays = prepared.map(({ target, runner }) => replaysOf(target, runner, stored));
  const log = new CampaignLog(prepared, typeof seed === 'string' ? seed : SEEDS_OF_THEIR_OWN, options.records);
  const merges = targets.map(() => new Merge<Failure>());
  let done = 0;
  const doneOf = targets.map(() => 0);
  const casesHere = targets.map((_, index) => casesOf(budget)(index) / shard.of);
  const violations = targets.map(() => new Set<string>());
  const { failsFast } = options;
  // Replays are judged once more, later: only who may end the run by them judges them first.
  let isFailed =
    failsFast !== undefined && replays.some((list, index) => replaysFail(prepared[index], list, failsFast));
  const stopped = (): boolean => isFailed || options.stopped?.() === true;
  await compute(
    schedule(targets.length, budget, () => performance.now(), stopped, shard),
    {
      targets,
      runners: prepared.map(({ runner }) => runner),
      seeds: prepared.map((target) => target.seed),
      workers,
      cases: casesHere.reduce((sum, cases) => sum + cases, 0),
      onResult(task, result) {
        merges[task.target].add(result);
        log.blocks(task, result);
        done += result.cases;
        doneOf[task.target] += result.cases;
        for (const { signature } of result.failures) {
          violations[task.target].add(signatureKey(signature));
          isFailed ||= failsFast?.(targets[task.target].name, signature) === true;
        }
        onProgress?.(done, {
          targets: doneOf.filter((cases, index) => cases >= casesHere[index]).length,
          violations: violations.reduce((sum, set) => sum + set.size, 0),
        });
      },
    },
  );
  prepared.forEach((target, index) => {
    const reporter = new Reporter(log, target, index, options.examine);
    for (const replay of replays[index]) reporter.replay(replay);
    for (const { signature, block, index: at, values } of merges[index].totals().failures)
      reporter.report(signature, values, { block, index: at });
    reporter.hint();
  });
  log.end(shard, workers, performance.now() - started, stopped(), options.origin);
  return log.result();
}

/** Whether a stored case fails in a way that ends the run. */
function replaysFail(
  { target, runner }: Prepared,
  replays: readonly Replay[],
  failsFast: NonNullable<FuzzOptions['failsFast']>,
): boolean {
  return replays.some(({ values }) =>
    new Signatures(runner).of(runner.run(values) ?? []).some((signature) => failsFast(target.name, signature)),
  );
}

/** Computes tasks, here and on worker threads. The results are the same; only the clock differs. */
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { packageRoot } from '../../package-info.js';
import { declaredSurroundings } from '../../world/surroundings.js';
import type { BlockResult } from './block.js';
import { type Task, timedTask, type TimedResult } from './task.js';
import type { Runner } from '../../run/runner.js';
import type { AnyTarget } from '../../run/target.js';
import type { WorkerStart } from './worker.js';

export interface ComputeOptions {
  targets: readonly AnyTarget[];
  runners: readonly Runner[];
  /** Seed of each target. */
  seeds: readonly string[];
  workers: number;
  /** Cases of all tasks together; infinite where a clock ends the run. */
  cases: number;
  /** Told of every finished task, and of how many milliseconds it took. */
  onResult: (task: Task, result: BlockResult, milliseconds: number) => void;
}

/** Milliseconds after which others are asked to help, and of work that must be left then: a thread needs half a second to start. */
const ALONE = 300;
const WORTH_HELP = 1000;

/** @returns when every task that was yielded has been computed */
export async function compute(tasks: Iterator<Task>, options: ComputeOptions): Promise<void> {
  const workers: Worker[] = [];
  const fed: Promise<void>[] = [];
  const started = performance.now();
  let left = options.cases;
  const onResult: ComputeOptions['onResult'] = (task, result, milliseconds) => {
    options.onResult(task, result, milliseconds);
    left -= task.cases;
    // The first tasks are slower than those that follow: the last one says what is to come.
    const isLong = performance.now() - started > ALONE && (left / task.cases) * milliseconds > WORTH_HELP;
    if (!isLong || workers.length > 0) return;
    for (let index = 1; index < options.workers; index++) {
      const worker = startWorker(options);
      workers.push(worker);
      const done = feed(worker, tasks, { onResult });
      // It is waited for when this thread has nothing left to do; until then nobody has heard of its failure.
      done.catch(() => undefined);
      fed.push(done);
    }
  };
  try {
    await computeHere(tasks, { ...options, onResult });
    await Promise.all(fed);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/**
 * As `compute`, on worker threads alone: this thread stays free for what comes in between.
 *
 * @param until when it is fulfilled, what is being computed is given up
 */
export async function computeElsewhere(
  tasks: Iterator<Task>,
  options: Omit<ComputeOptions, 'runners' | 'cases'>,
  until: Promise<void>,
): Promise<void> {
  const workers = Array.from({ length: options.workers }, () => startWorker(options));
  try {
    await Promise.race([until, Promise.all(workers.map((worker) => feed(worker, tasks, options, 2)))]);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

async function computeHere(
  tasks: Iterator<Task>,
  { runners, seeds, onResult }: Pick<ComputeOptions, 'runners' | 'seeds' | 'onResult'>,
): Promise<void> {
  for (let next = tasks.next(); next.done !== true; next = tasks.next()) {
    const task = next.value;
    const { result, milliseconds } = timedTask(runners[task.target], seeds[task.target], task);
    onResult(task, result, milliseconds);
    // Signals and the progress bar need the event loop between tasks.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function startWorker({ targets, seeds }: Pick<ComputeOptions, 'targets' | 'seeds'>): Worker {
  const workerData: WorkerStart = { targets, seeds, surroundings: declaredSurroundings() };
  // Always the built file: on Node 20 a TypeScript worker entry cannot be started.
  return new Worker(join(packageRoot(), 'dist/src/start/worker.cjs'), { workerData });
}

/** Tasks that a worker has been given ahead: this thread computes too, and answers between two of its own. */
const AHEAD = 4;

/** Gives one worker task after task until there are none. */
function feed(
  worker: Worker,
  tasks: Iterator<Task>,
  { onResult }: Pick<ComputeOptions, 'onResult'>,
  ahead = AHEAD,
): Promise<void> {
  return new Promise((resolve, reject) => {
    // A worker answers in the order in which it was asked.
    const given: Task[] = [];
    const give = (): void => {
      while (given.length < ahead) {
        const next = tasks.next();
        if (next.done === true) break;
        given.push(next.value);
        worker.postMessage(next.value);
      }
      if (given.length === 0) resolve();
    };
    worker.on('message', ({ result, milliseconds }: TimedResult) => {
      const task = given.shift();
      if (task === undefined) return reject(new Error('a worker answered what it was not asked'));
      // What goes wrong with a result, a full disk say, ends the campaign and not the process.
      try {
        onResult(task, result, milliseconds);
        give();
      } catch (error) {
        reject(error as Error);
      }
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`a worker ended with status ${code}`)));
    give();
  });
}

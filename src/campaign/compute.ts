/** Computes scheduled blocks, here and on worker threads. The results are the same; only the clock differs. */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { packageRoot } from '../package-info.js';
import type { BlockResult } from './block.js';
import type { Task } from './schedule.js';
import type { Subject } from './subject.js';
import type { AnyTarget } from './target.js';

export interface ComputeOptions {
  targets: readonly AnyTarget[];
  subjects: readonly Subject[];
  /** One for each target. */
  seeds: readonly string[];
  workers: number;
  /** Told of every finished block. */
  onBlock: (target: number, result: BlockResult) => void;
}

/** @returns when every task that was yielded has been computed */
export async function compute(tasks: Iterator<Task>, options: ComputeOptions): Promise<void> {
  // This thread is one of them: it is there already, while another needs half a second to start.
  const workers = Array.from({ length: Math.max(0, options.workers - 1) }, () => startWorker(options));
  try {
    await Promise.all([computeHere(tasks, options), ...workers.map((worker) => feed(worker, tasks, options))]);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

async function computeHere(tasks: Iterator<Task>, { subjects, seeds, onBlock }: ComputeOptions): Promise<void> {
  for (let next = tasks.next(); next.done !== true; next = tasks.next()) {
    const { target, block, cases } = next.value;
    onBlock(target, subjects[target].runBlock(seeds[target], block, cases));
    // Signals and the progress bar need the event loop between blocks.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function startWorker({ targets, seeds }: ComputeOptions): Worker {
  // Always the compiled file: on Node 20 a TypeScript worker entry cannot be started.
  return new Worker(join(packageRoot(), 'dist/src/campaign/worker.js'), { workerData: { targets, seeds } });
}

/** Tasks that a worker has been given ahead: this thread computes too, and answers between two of its own blocks. */
const AHEAD = 4;

/** Gives one worker task after task until there are none. */
function feed(worker: Worker, tasks: Iterator<Task>, { onBlock }: ComputeOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    let given = 0;
    const give = (): void => {
      for (; given < AHEAD; given++) {
        const next = tasks.next();
        if (next.done === true) break;
        worker.postMessage(next.value);
      }
      if (given === 0) resolve();
    };
    worker.on('message', ({ target, result }: { target: number; result: BlockResult }) => {
      given--;
      onBlock(target, result);
      give();
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`a worker ended with status ${code}`)));
    give();
  });
}

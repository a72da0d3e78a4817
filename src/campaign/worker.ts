/** The body of a worker thread: makes runners for the targets it is told of, and computes blocks. */
import { parentPort, workerData } from 'node:worker_threads';
import type { CaseRunner } from '../judge/case-runner.js';
import { runBlock } from './block.js';
import { createRunner, type Target } from './target.js';

/** What a worker is started with. */
export interface WorkerStart {
  targets: Target[];
  seed: string;
}

/** One block to compute. */
export interface WorkerTask {
  target: number;
  block: number;
  cases: number;
}

const port = parentPort;
if (port !== null) {
  const { targets, seed } = workerData as WorkerStart;
  const runners = new Map<number, CaseRunner>();
  port.on('message', ({ target, block, cases }: WorkerTask) => {
    let runner = runners.get(target);
    if (runner === undefined) runners.set(target, (runner = createRunner(targets[target])));
    port.postMessage({ target, result: runBlock(runner, targets[target].name, seed, block, cases) });
  });
}

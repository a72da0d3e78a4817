/** The body of a worker thread: makes runners for the targets it is told of, and computes blocks. */
import { parentPort, workerData } from 'node:worker_threads';
import { createSubject, type Subject } from './subject.js';
import type { AnyTarget } from './target.js';

/** What a worker is started with. */
export interface WorkerStart {
  targets: AnyTarget[];
  /** One for each target. */
  seeds: readonly string[];
}

/** One block to compute. */
export interface WorkerTask {
  target: number;
  block: number;
  cases: number;
}

const port = parentPort;
if (port !== null) {
  const { targets, seeds } = workerData as WorkerStart;
  const subjects = new Map<number, Subject>();
  port.on('message', ({ target, block, cases }: WorkerTask) => {
    let subject = subjects.get(target);
    if (subject === undefined) subjects.set(target, (subject = createSubject(targets[target])));
    port.postMessage({ target, result: subject.runBlock(seeds[target], block, cases) });
  });
}

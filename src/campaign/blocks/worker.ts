/** The body of a worker thread: makes runners for the targets it is told of, and computes tasks in the order they come. */
import { parentPort, workerData } from 'node:worker_threads';
import { createSubject, type Subject } from './subject.js';
import type { AnyTarget } from '../targets/target.js';
import { type Task, timedTask } from './task.js';

/** What a worker is started with. */
export interface WorkerStart {
  targets: readonly AnyTarget[];
  /** Seed of each target. */
  seeds: readonly string[];
}

const port = parentPort;
if (port !== null) {
  const { targets, seeds } = workerData as WorkerStart;
  const subjects = new Map<number, Subject>();
  port.on('message', (task: Task) => {
    let subject = subjects.get(task.target);
    if (subject === undefined) subjects.set(task.target, (subject = createSubject(targets[task.target])));
    port.postMessage(timedTask(subject, seeds[task.target], task));
  });
}

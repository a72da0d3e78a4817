/** The body of a worker thread: makes runners for the targets it is told of, and computes tasks in the order they come. */
import { parentPort, workerData } from 'node:worker_threads';
import { openRunner } from '../../run/open-runner.js';
import type { Runner } from '../../run/runner.js';
import type { AnyTarget } from '../../run/target.js';
import { declareSurroundings, type SurroundingSettings } from '../../world/surroundings.js';
import { type Task, timedTask } from './task.js';

/** What a worker is started with. */
export interface WorkerStart {
  targets: readonly AnyTarget[];
  /** Seed of each target. */
  seeds: readonly string[];
  /** What the project answers for (world/surroundings.ts). */
  surroundings: SurroundingSettings;
}

const port = parentPort;
if (port !== null) {
  const { targets, seeds, surroundings } = workerData as WorkerStart;
  declareSurroundings(surroundings);
  const runners = new Map<number, Runner>();
  port.on('message', (task: Task) => {
    let runner = runners.get(task.target);
    if (runner === undefined) runners.set(task.target, (runner = openRunner(targets[task.target])));
    port.postMessage(timedTask(runner, seeds[task.target], task));
  });
}

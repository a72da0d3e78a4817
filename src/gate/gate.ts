/**
 * The gate before a merge: a fixed number of fresh cases for every target, drawn from a seed that comes from the code
 * itself. Unchanged code keeps its verdict, and a change in one target says nothing new of another.
 */
import { fingerprint } from '../campaign/targets/fingerprint.js';
import { fuzz, type FuzzOptions } from '../campaign/fuzz.js';
import type { RunResult } from '../campaign/records/result.js';
import { type AnyTarget, isProgram } from '../run/target.js';

/**
 * Cases that a target gets. Chosen so that the gate of all built-in targets ends within a minute on two slow cores: a
 * case of a sound stub takes a few microseconds once it runs in bulk, one of a program some two hundred.
 */
export const GATE_RUNS = { stub: 100_000, program: 5000 } as const;

/** How many cases a target gets. */
export interface GateRuns {
  stub: number;
  program: number;
}

export interface GateOptions extends Omit<FuzzOptions, 'seed' | 'budget'> {
  /** One for all targets; without it each has that of its code. */
  seed?: string;
  runsOf: (target: AnyTarget) => number;
  /** Ends the gate when the time is up, though every target has not had all of its cases. */
  milliseconds?: number;
}

export function runsByKind({ stub, program }: GateRuns): (target: AnyTarget) => number {
  return (target) => (isProgram(target) ? program : stub);
}

/** The same code, contracts and numbers give the same `result`, byte for byte; a time limit makes the numbers the machine's. */
export function gate({ targets, seed, runsOf, milliseconds, ...options }: GateOptions): Promise<RunResult> {
  const budget = {
    runsOf: (index: number) => runsOf(targets[index]),
    ...(milliseconds !== undefined && { milliseconds }),
  };
  return fuzz({ ...options, targets, seed: seed ?? fingerprint, budget });
}

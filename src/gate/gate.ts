/**
 * The gate before a merge: a fixed number of fresh cases for every target, drawn from a seed that comes from the code
 * itself. Unchanged code keeps its verdict, and a change in one target says nothing new of another.
 */
import { fingerprint } from '../campaign/fingerprint.js';
import { fuzz, type FuzzOptions } from '../campaign/fuzz.js';
import { SEEDS_OF_THEIR_OWN, type RunResult, type TargetResult } from '../campaign/result.js';
import { type AnyTarget, isProgram } from '../campaign/target.js';

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
}

export function runsByKind({ stub, program }: GateRuns): (target: AnyTarget) => number {
  return (target) => (isProgram(target) ? program : stub);
}

/** The same code, contracts and numbers give the same `result`, byte for byte. */
export async function gate({ targets, seed, runsOf, onProgress, ...options }: GateOptions): Promise<RunResult> {
  const sizes = [...new Set(targets.map(runsOf))].sort((a, b) => b - a);
  const parts: RunResult[] = [];
  const results = new Map<AnyTarget, TargetResult>();
  let before = 0;
  for (const runs of sizes) {
    const group = targets.filter((target) => runsOf(target) === runs);
    const part = await fuzz({
      ...options,
      targets: group,
      seed: seed ?? fingerprint,
      budget: { runs },
      ...(onProgress !== undefined && { onProgress: (cases: number) => onProgress(before + cases) }),
    });
    group.forEach((target, index) => results.set(target, part.result.targets[index]));
    before += part.result.targets.reduce((sum, { cases }) => sum + cases, 0);
    parts.push(part);
  }
  return joined(
    parts,
    targets.flatMap((target) => results.get(target) ?? []),
    seed,
  );
}

function joined(parts: readonly RunResult[], targets: TargetResult[], seed: string | undefined): RunResult {
  const [{ schema, result, run }] = parts;
  const milliseconds = parts.reduce((sum, part) => sum + part.run.milliseconds, 0);
  const cases = targets.reduce((sum, target) => sum + target.cases, 0);
  return {
    schema,
    result: {
      ...result,
      seed: seed ?? SEEDS_OF_THEIR_OWN,
      runs: Math.max(...parts.map((part) => part.result.runs)),
      targets,
    },
    run: {
      ...run,
      milliseconds,
      casesPerSecond: Math.round((1000 * cases) / Math.max(1, milliseconds)),
      interrupted: parts.some((part) => part.run.interrupted),
    },
  };
}

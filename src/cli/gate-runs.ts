/** How many cases a gate gives to each target. */
import { GATE_RUNS, type GateRuns, runsByKind } from '../gate/gate.js';
import type { AnyTarget } from '../run/target.js';
import type { Project } from './project.js';

export type RunsOf = (target: AnyTarget) => number;

/** What a target gets where the command line says nothing. */
export function usualRuns({ config, runs }: Project): RunsOf {
  const configured = byKind(config.gate?.runs, config.gate?.programRuns);
  return (target) => runs.get(target.name) ?? (configured ?? runsByKind(GATE_RUNS))(target);
}

/** What the command line asks for, if anything. */
export function askedRuns({ runs, programRuns }: { runs?: number; programRuns?: number }): RunsOf | undefined {
  return byKind(runs, programRuns);
}

/** One number for all, another one for programs, or the usual ones. */
function byKind(runs: number | undefined, programRuns: number | undefined): RunsOf | undefined {
  if (runs === undefined && programRuns === undefined) return undefined;
  const numbers: GateRuns = { stub: runs ?? GATE_RUNS.stub, program: programRuns ?? runs ?? GATE_RUNS.program };
  return runsByKind(numbers);
}

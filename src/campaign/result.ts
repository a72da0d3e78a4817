/** The result of a run, as a value that is byte-stable in JSON: the same seed gives the same bytes. */
import type { CaseFile } from '../case/case-file.js';

export const RESULT_SCHEMA = 'tdxfuzz/result/1';

export interface FindingResult {
  property: string;
  clause: string;
  slot: string;
  place: string;
  /** Cases that failed with this signature. */
  hits: number;
  /** Where the first of them was: block and index, or the name of a replayed case. */
  first: { block: number; index: number } | { replayed: string };
  /** Values that differ from neutral in the shrunken case; those of a story as `STEP.SLOT`. */
  scenario: Record<string, string>;
  case: CaseFile;
}

export interface PropertyResult {
  property: string;
  status: 'holds' | 'violated' | 'holds by decode' | 'not applicable' | 'not evaluated';
  /** Cases in which a clause of it was in force. */
  cases: number;
  reason?: string;
}

export interface TargetResult {
  target: string;
  symbol: string;
  contract: string;
  image: string;
  imageHash: string;
  cases: number;
  executions: number;
  /** Stored cases that were replayed first. */
  replayed: number;
  properties: PropertyResult[];
  /** Cases per class; 0 means not exercised. */
  classes: Record<string, number>;
  findings: FindingResult[];
  /** Why there is no verdict for some case: an error, never a pass. */
  problem?: string;
}

export interface RunResult {
  schema: typeof RESULT_SCHEMA;
  result: { tool: string; seed: string; runs: number; targets: TargetResult[] };
  /** What differs from run to run: times, workers, paths. */
  run: {
    node: string;
    workers: number;
    milliseconds: number;
    casesPerSecond: number;
    interrupted: boolean;
    out: string | null;
  };
}

/** Whether every target has at least one property that was evaluated, and no case without a verdict. */
export function targetIsJudged(target: TargetResult): boolean {
  return (
    target.problem === undefined && target.properties.some(({ status }) => status === 'holds' || status === 'violated')
  );
}

/** 0, 1 or 2 by DESIGN.md ("Exit status"); the highest wins. */
export function exitStatus({ result, run }: RunResult): number {
  if (result.targets.some((target) => !targetIsJudged(target)))
    return run.interrupted ? interruptedStatus(result.targets) : 2;
  if (result.targets.some(({ findings }) => findings.length > 0)) return 1;
  return run.interrupted ? 130 : 0;
}

function interruptedStatus(targets: readonly TargetResult[]): number {
  if (targets.some(({ problem }) => problem !== undefined)) return 2;
  return targets.some(({ findings }) => findings.length > 0) ? 1 : 130;
}

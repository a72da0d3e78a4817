/** Where a night's state stands, from its records alone, also while a night runs: what was reached when, what is stuck, what was found. */
import { coverageByFunction, CoverageSet } from '../campaign/records/coverage.js';
import { dateOf } from '../campaign/records/origin.js';
import type { CampaignRecord, FunctionRecord, TargetRecord } from '../campaign/records/records.js';
import { coverageOf } from './end-night.js';
import { type Session, sessionsOf } from './sessions.js';

export interface TargetStatus {
  target: string;
  cases: number;
  /** Instructions and directions of branches: reached, and all. */
  reached: number;
  reachable: number;
  /** When something was reached for the last time that nothing had reached before; null: not known, or never. */
  lastNew: string | null;
  /** Properties that apply, and that no case put in force. */
  neverInForce: string[];
  /** Recorded violations; what is one finding is told at the end of a night. */
  violations: number;
  /** Why there is no verdict for some case. */
  problem: string | null;
  /**
   * Something is left to reach, or a property is in force in no case, and the whole of the last night brought nothing new.
   */
  isStuck: boolean;
}

export interface StateStatus {
  tool: string;
  seed: string;
  targets: TargetStatus[];
  sessions: Session[];
}

/** @returns undefined where no record says which campaign it is */
export function statusOf(records: readonly CampaignRecord[]): StateStatus | undefined {
  const run = records.findLast((record) => record.kind === 'run');
  if (run === undefined) return undefined;
  const sessions = sessionsOf(records);
  const last = sessions.at(-1);
  const targets = run.targets.flatMap((id) => {
    const own = records.filter((record) => 'target' in record && record.target === id);
    const about = records.findLast((record) => record.kind === 'target' && record.id === id);
    return about?.kind === 'target' ? [targetStatus(about, own, last)] : [];
  });
  return { tool: run.tool, seed: run.seed, targets, sessions };
}

function targetStatus(about: TargetRecord, own: readonly CampaignRecord[], last: Session | undefined): TargetStatus {
  const covered = new CoverageSet(0n);
  const functions = new Map<number, FunctionRecord>(about.functions.map((code) => [code.start, code]));
  const inForce = about.properties.map(() => 0);
  const violations = new Set<string>();
  let [cases, lastNew, problem] = [0, null as number | null, null as string | null];
  for (const record of own) {
    switch (record.kind) {
      case 'coverage':
        covered.add(record);
        for (const code of record.functions) functions.set(code.start, code);
        if (record.at !== undefined) lastNew = Math.max(lastNew ?? 0, record.at);
        break;
      case 'blocks':
        cases += record.cases;
        record.inForce.forEach((count, index) => (inForce[index] += count));
        problem ??= record.problem?.text ?? null;
        break;
      case 'replay':
        problem ??= record.problem ?? null;
        break;
      case 'finding':
        violations.add(JSON.stringify([record.finding.property, record.finding.slot, record.finding.place]));
    }
  }
  const coverage = coverageByFunction([...functions.values()], covered.coverage());
  const { reached, reachable } = coverageOf([{ coverage }]);
  const neverInForce = about.properties.flatMap(({ name, status }, index) =>
    status === 'judged' && inForce[index] === 0 ? [name] : [],
  );
  // A target that was not run in the last night is not stuck by that.
  const isTried = last !== undefined && (last.targets.get(about.id) ?? 0) > 0;
  const isOld = lastNew === null || (last !== undefined && dateOf(lastNew) < last.start);
  return {
    target: about.name,
    cases,
    reached,
    reachable,
    lastNew: lastNew === null ? null : dateOf(lastNew),
    neverInForce,
    violations: violations.size,
    problem,
    isStuck: isTried && isOld && (reached < reachable || neverInForce.length > 0),
  };
}

/** The requirements view: what `list clauses`, `explain` and the page of the report show. */
import { REQUIREMENT_AREAS } from '../../models/abi/requirements/all.js';
import { builtInTargets } from '../campaign/targets/built-in-targets.js';
import { readMutants } from '../mutation/baseline.js';
import { packageRoot } from '../package-info.js';
import { readManifest } from '../targets/manifest.js';
import { type TracedRequirement, traceRequirements } from './trace.js';

/** Cases of each built-in target: enough for every class that a requirement speaks of. */
export const REQUIREMENT_CASES = 500;

/** One clause of the ABI and what is known of its checks. */
export interface RequirementRow {
  /** Stable: `AREA.NAME`. */
  id: string;
  /** What it belongs to: `guest helpers`. */
  area: string;
  /** One sentence. */
  statement: string;
  /** Where it was read; several places are parted by `; `. */
  source: string;
  /** How sure it is: `observed`, `read in source`, ... */
  standing: string;
  /** Properties that were in force for it, sorted; empty: UNCHECKED. */
  checkedBy: string[];
  /** Built-in targets on which they were, in the order of `list targets`. */
  targets: string[];
  /** Cases in which they were, over all targets. */
  cases: number;
  /** What shows that the check can fail: `twin ID`, and `at least N mutants`. */
  evidence: string[];
  /** Why nobody checks it, or how far the check goes; empty if there is nothing to say. */
  gap: string;
}

export interface RequirementOptions {
  /** Of each built-in target. */
  cases?: number;
  /** Which requirements, by id; all if not given. */
  only?: (id: string) => boolean;
}

/** A requirement with its area, and what was found of each of its checks. */
export interface AreaRequirement extends TracedRequirement {
  readonly area: string;
}

/**
 * Runs every built-in target that a requirement speaks of: some ten seconds for all.
 *
 * @throws UsageError when the manifest of the twins or the baseline of the mutants is missing or damaged
 */
export function traceBuiltIn({ cases = REQUIREMENT_CASES, only = () => true }: RequirementOptions): AreaRequirement[] {
  const root = packageRoot();
  const chosen = REQUIREMENT_AREAS.flatMap(({ name: area, requirements }) =>
    requirements.filter(({ id }) => only(id)).map((requirement) => ({ area, requirement })),
  );
  const traced = traceRequirements({
    requirements: chosen.map(({ requirement }) => requirement),
    targets: builtInTargets(),
    cases,
    twins: readManifest(root),
    mutants: readMutants(root),
    root,
  });
  return traced.map((found, index) => ({ ...found, area: chosen[index].area }));
}

/** @throws UsageError as traceBuiltIn */
export function requirementRows(options: RequirementOptions = {}): RequirementRow[] {
  return traceBuiltIn(options).map(rowOf);
}

export function rowOf({ area, requirement, checks, cases }: AreaRequirement): RequirementRow {
  const { id, statement, source, standing, gap = '' } = requirement;
  const inForce = checks.filter((check) => check.cases.size > 0);
  const twins = new Set(inForce.flatMap((check) => [...check.twins]));
  const mutants = inForce.reduce((sum, check) => Math.max(sum, check.mutants), 0);
  return {
    id,
    area,
    statement,
    source: source.join('; '),
    standing,
    checkedBy: [...new Set(inForce.map(({ check }) => check.property))].sort(),
    targets: [...cases.keys()],
    cases: [...cases.values()].reduce((sum, count) => sum + count, 0),
    evidence: [
      ...[...twins].sort().map((twin) => `twin ${twin}`),
      ...(mutants > 0 ? [`at least ${mutants} mutant${mutants === 1 ? '' : 's'}`] : []),
    ],
    gap,
  };
}

/** Whether nobody checks it. */
export function isUnchecked({ checkedBy }: RequirementRow): boolean {
  return checkedBy.length === 0;
}

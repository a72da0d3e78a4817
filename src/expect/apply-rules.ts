/** Marks the findings of a result that rules cover, and says of every rule what it came to. */
import type { FindingResult, RunResult, TargetResult } from '../campaign/records/result.js';
import { covers, type Rule, speaksOfTarget } from './rule.js';

/** What a rule came to in one run. */
export interface RuleUse {
  rule: Rule;
  /** Every finding that it covers. More than one is more than one root cause. */
  covered: { target: string; place: string }[];
  /**
   * `used`: it covers something; `matched nothing`: all of its targets were run in full, and it can go; `not asked`: none
   * of its targets was run, or not in full.
   */
  state: 'used' | 'matched nothing' | 'not asked';
}

export interface RuleOptions {
  /** Names of all targets of the project, those that were not run included. */
  known: readonly string[];
  /** Whether a target had all the cases that it gets by default. */
  inFull: (target: TargetResult) => boolean;
}

/** The first rule that covers a finding is the one that accepts it; every rule that covers it counts as used. */
export function applyRules(
  result: RunResult,
  rules: readonly Rule[],
  options: RuleOptions,
): { result: RunResult; uses: RuleUse[] } {
  const uses = rules.map((rule): RuleUse => {
    const covered = result.result.targets.flatMap(({ target, findings }) =>
      findings.filter((finding) => covers(rule, target, finding)).map(({ place }) => ({ target, place })),
    );
    const state = covered.length > 0 ? 'used' : wasAsked(rule, result, options) ? 'matched nothing' : 'not asked';
    return { rule, covered, state };
  });
  const targets = result.result.targets.map((target) => ({
    ...target,
    findings: target.findings.map((finding) => accepted(finding, target.target, rules)),
  }));
  return { result: { ...result, result: { ...result.result, targets } }, uses };
}

function accepted(finding: FindingResult, target: string, rules: readonly Rule[]): FindingResult {
  const rule = rules.find((candidate) => covers(candidate, target, finding));
  if (rule === undefined || finding.accepted !== undefined) return finding;
  const { reason, reference } = rule;
  return { ...finding, accepted: { reason, ...(reference !== undefined && { reference }) } };
}

/** Whether the rule would have matched if there still were something to match. */
function wasAsked(rule: Rule, { result, run }: RunResult, { known, inFull }: RuleOptions): boolean {
  if (run.interrupted) return false;
  const names = known.filter((name) => speaksOfTarget(rule, name));
  return (
    names.length > 0 &&
    names.every((name) => {
      const target = result.targets.find((candidate) => candidate.target === name);
      return (
        target !== undefined &&
        target.problem === undefined &&
        target.properties.some(({ property }) => property === rule.property) &&
        inFull(target)
      );
    })
  );
}

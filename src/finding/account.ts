/** What happened in one failing case: the trace, the instruction to blame, what was expected and what was found. */
import type { Case } from '../case/case.js';
import type { CaseTrace, Comparison, Runner, Violation } from '../run/runner.js';
import { blamed, type Signature, signatureKey } from './signature.js';

export interface Account extends Comparison {
  readonly signature: Signature;
  readonly violation: Violation;
  readonly trace: CaseTrace;
  /** Index of the step to blame, -1 if there is none. */
  readonly step: number;
}

/** Runs a case and accounts for every violation of it, each signature once. Without a verdict there is none: `runner.problem`. */
export function accountsOf(runner: Runner, values: Case): Account[] {
  const accounts = new Map<string, Account>();
  for (const violation of runner.run(values) ?? []) {
    const comparison = runner.compare(violation);
    const trace = runner.trace(violation);
    const { signature, step } = blamed(runner, violation, trace);
    const key = signatureKey(signature);
    if (!accounts.has(key)) accounts.set(key, { signature, violation, trace, step, ...comparison });
  }
  return [...accounts.values()];
}

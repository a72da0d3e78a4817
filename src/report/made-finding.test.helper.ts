/** Findings of the broken twins, shrunken, without a campaign around them; and the same case on the fixed twin. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { createRunner } from '../run/open-runner.js';
import type { StubTarget } from '../run/target.js';
import type { FindingResult } from '../campaign/records/result.js';
import type { CaseFile } from '../case/case-schema.js';
import { makeCase, scenarioValues } from '../case/make-case.js';
import { scenarioOf } from '../case/scenario-of.js';
import { parseImage } from '../image/load.js';
import type { CaseRunner } from '../judge/case-runner.js';
import { packageRoot } from '../package-info.js';
import { scenarios } from '../case/arbitrary.js';
import { type Account, accountFor } from '../triage/account.js';
import { shrinkFailure } from '../triage/shrink.js';
import { twinTarget } from '../triage/twins.test.helper.js';
import { type Signature, signatureKey, traceCase, Violations } from '../triage/signature.js';

export interface MadeFinding {
  finding: FindingResult;
  runner: CaseRunner;
  account: Account;
}

/** @param wanted what is looked for among the violations. @throws Error if no scenario of 5,000 has it */
export function findingOf(target: StubTarget, wanted: Pick<Signature, 'property' | 'slot'>): MadeFinding {
  const runner = createRunner(target);
  const violations = new Violations(runner);
  for (const scenario of fc.sample(scenarios(runner.space), { seed: 3, numRuns: 5000 })) {
    const violated = runner.run(scenario);
    if (violated <= 0) continue;
    const signature = violations
      .signatures(violated)
      .find(({ property, slot }) => property === wanted.property && slot === wanted.slot);
    if (signature === undefined) continue;
    const simplest = shrinkFailure(runner, scenario, signature);
    const account = accountFor(runner, simplest).find(
      (candidate) => signatureKey(candidate.signature) === signatureKey(signature),
    );
    if (account === undefined) break;
    const file = caseOf(runner, target, account.signature);
    const { expected, actual } = account;
    const values = scenarioValues(simplest, runner.space.neutral);
    const counted = { hits: 1, first: { block: 0, index: 0 }, inputs: [] };
    return { finding: { ...signature, expected, actual, scenario: values, ...counted, case: file }, runner, account };
  }
  throw new Error(`${target.name}: no ${wanted.property} at ${wanted.slot}`);
}

/** The finding that a twin's manifest speaks of. */
export function twinFinding(id: string): MadeFinding {
  const target = twinTarget(id);
  return findingOf(target, target.twin);
}

/** The finding's case on the fixed twin, where it is no violation. */
export function fixedCase(id: string, { finding, account }: MadeFinding): MadeFinding {
  const { twin, ...broken } = twinTarget(id);
  const { object, symbol } = twin.fixed;
  const target = { ...broken, symbol, image: parseImage(readFileSync(join(packageRoot(), object)), object) };
  const runner = createRunner(target);
  if (runner.run(scenarioOf(finding.case, runner.space.neutral)) !== 0) throw new Error(`${id}: not fixed`);
  const file = caseOf(runner, target, account.signature);
  return { finding: { ...finding, case: file }, runner, account: { ...account, traces: traceCase(runner) } };
}

/** The case that a runner ran last. */
function caseOf(runner: CaseRunner, { name, set }: StubTarget, signature: Signature): CaseFile {
  return makeCase(runner, signature, traceCase(runner), { tool: '0.0.0', target: name, set, found: null });
}

/** Findings of the broken twins, shrunken, without a campaign around them; and the same case on the fixed twin. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { makeFinding } from '../campaign/records/make-finding.js';
import type { FindingResult } from '../campaign/records/result.js';
import { cases } from '../case/arbitrary.js';
import { makeCase } from '../stored/make-case.js';
import { valuesOf } from '../stored/stored-values.js';
import { parseImage } from '../image/load.js';
import { packageRoot } from '../package-info.js';
import type { StubRunner } from '../run/stub-runner.js';
import type { StubTarget } from '../run/target.js';
import { type Account, accountsOf } from '../finding/account.js';
import { type Signature, signatureKey, Signatures } from '../finding/signature.js';
import { stubRunner, twinTarget } from '../finding/twins.test.helper.js';

export interface MadeFinding {
  finding: FindingResult;
  /** It ran the finding's case last. */
  runner: StubRunner;
  account: Account;
}

/** @param wanted what is looked for among the violations. @throws Error if no case of 5,000 has it */
export function findingOf(target: StubTarget, wanted: Pick<Signature, 'property' | 'slot'>): MadeFinding {
  const runner = stubRunner(target);
  const signatures = new Signatures(runner);
  for (const values of fc.sample(cases(runner.space), { seed: 3, numRuns: 5000 })) {
    const signature = signatures
      .of(runner.run(values) ?? [])
      .find(({ property, slot }) => property === wanted.property && slot === wanted.slot);
    if (signature === undefined) continue;
    const made = makeFinding(runner, signature, values, null, false);
    const account = accountsOf(runner, valuesOf(made.case, runner.space)).find(
      (candidate) => signatureKey(candidate.signature) === signatureKey(signature),
    );
    if (account === undefined) break;
    return { finding: { ...signature, hits: 1, first: { block: 0, index: 0 }, ...made }, runner, account };
  }
  throw new Error(`${target.name}: no ${wanted.property} at ${wanted.slot}`);
}

/** The finding that a twin's manifest speaks of. */
export function twinFinding(id: string): MadeFinding {
  const target = twinTarget(id);
  const found = findingOf(target, target.twin);
  if (found.finding.unrepeated !== undefined) throw new Error(found.finding.unrepeated);
  return found;
}

/** The finding's case on the fixed twin, where it is no violation. */
export function fixedCase(id: string, { finding, account }: MadeFinding): MadeFinding {
  const { twin, ...broken } = twinTarget(id);
  const { object, symbol } = twin.fixed;
  const runner = stubRunner({
    ...broken,
    symbol,
    image: parseImage(readFileSync(join(packageRoot(), object)), object),
  });
  const values = valuesOf(finding.case, runner.space);
  if (runner.run(values)?.length !== 0) throw new Error(`${id}: not fixed`);
  const file = makeCase(runner, values, account.signature, null);
  return { finding: { ...finding, case: file }, runner, account: { ...account, trace: runner.trace() } };
}

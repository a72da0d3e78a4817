/** Makes the case file of a finding: values, code pages, answers, what is expected. */
import { REFERENCE_CONFIGURATION } from '../../models/module/configuration.js';
import { toolVersion } from '../package-info.js';
import { contractOf } from '../run/target.js';
import type { Runner } from '../run/runner.js';
import type { Signature } from '../triage/signature.js';
import type { Case } from './case.js';
import { CASE_SCHEMA, type CaseFile, MAX_CODE } from './case-schema.js';
import { storedCode } from './stored-code.js';
import { storedValues } from './stored-values.js';
import { touchedBy, usedFixups } from './touched.js';

/** @param values were run last */
export function makeCase(
  runner: Runner,
  values: Case,
  signature: Signature | undefined,
  found: CaseFile['found'],
): CaseFile {
  const { target, image, entry, space } = runner;
  const size = Math.min(runner.size, MAX_CODE);
  // What the last run left is read before anything is run again.
  const answers = runner.answers.map((answer) => ({ ...answer }));
  const digest = runner.digest();
  const steps = runner.traceAll();
  return {
    schema: CASE_SCHEMA,
    tool: toolVersion(),
    target: target.name,
    symbol: target.symbol,
    image: { name: image.name, hash: image.hash },
    contract: { set: target.set, body: contractOf(target) },
    model: { module: REFERENCE_CONFIGURATION.version },
    code: storedCode(
      image,
      target.symbol,
      entry,
      size,
      touchedBy(image, entry, size, steps),
      usedFixups(image, entry, size, steps),
    ),
    ...storedValues(values, space),
    answers,
    expect: signature === undefined ? null : { ...signature, trace: digest },
    found,
  };
}

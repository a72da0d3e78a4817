/** Makes the case file of a finding: values, code pages, answers, what is expected. */
import { REFERENCE_CONFIGURATION } from '../../models/module/configuration.js';
import { toolVersion } from '../package-info.js';
import { contractOf } from '../run/target.js';
import type { Runner } from '../run/runner.js';
import type { Signature } from '../finding/signature.js';
import type { Case } from '../case/case.js';
import { CASE_SCHEMA, type CaseFile } from './case-schema.js';
import { storedCode } from './stored-code.js';
import { storedValues } from './stored-values.js';
import { Touched } from './touched.js';

/** @param values were run last */
export function makeCase(
  runner: Runner,
  values: Case,
  signature: Signature | undefined,
  found: CaseFile['found'],
): CaseFile {
  // What the last run left is read before anything is run again.
  const answers = runner.answers.map((answer) => ({ ...answer }));
  const stops = runner.stops;
  const trace = runner.digest();
  const touched = new Touched();
  for (const steps of runner.traceAll()) touched.addSteps(steps);
  for (const address of stops) touched.addAddress(address);
  return {
    ...caseOf(runner, values, touched, found),
    answers,
    expect: signature === undefined ? null : { ...signature, trace },
  };
}

/** The case of a finding that no run repeats: its values, and the function's own pages. */
export function bareCase(runner: Runner, values: Case, signature: Signature, found: CaseFile['found']): CaseFile {
  return { ...caseOf(runner, values, new Touched(), found), answers: [], expect: { ...signature, trace: '' } };
}

function caseOf(
  { target, image, entry, size, space, laidData = [] }: Runner,
  values: Case,
  touched: Touched,
  found: CaseFile['found'],
): Omit<CaseFile, 'answers' | 'expect'> {
  const { name, symbol, set } = target;
  const { ownData: data, writableCode } = 'contract' in target ? target.contract : {};
  return {
    schema: CASE_SCHEMA,
    tool: toolVersion(),
    target: name,
    symbol,
    image: { name: image.name, hash: image.hash },
    contract: { set, body: contractOf(target) },
    model: { module: REFERENCE_CONFIGURATION.version },
    code: storedCode(
      image,
      { symbol, entry, size, laidData, ...(data !== undefined && { data }), ...(writableCode && { writableCode }) },
      touched,
    ),
    ...storedValues(values, space),
    found,
  };
}

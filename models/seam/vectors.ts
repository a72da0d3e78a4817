import type { VectorRecord } from '../vectors/vector-file.js';
import { reportOn, type VectorReport } from '../vectors/vector-report.js';
import { asyncRules, checkAsyncVector } from './async-vectors.js';
import { SEAM_1_5_01, type SeamModel } from './model.js';
import { checkSeamcallVector, seamcallRules } from './seamcall-vectors.js';

const CHECKS = { seamcall: checkSeamcallVector, async: checkAsyncVector } as const;

/** The kinds of vectors that the SEAM model is judged by. */
export type SeamVectorKind = keyof typeof CHECKS;

/**
 * Judges the SEAM model by recorded vectors.
 *
 * @param kind What the records are; see kindOfVectors.
 * @param source What to call the file in messages.
 * @param model The model to judge; another than the default is for tests.
 * @throws VectorFileError if a record lacks a field or holds something else in it.
 */
export function checkSeamVectors(
  kind: SeamVectorKind,
  records: readonly VectorRecord[],
  source = 'vectors',
  model: SeamModel = SEAM_1_5_01,
): VectorReport {
  const rules = kind === 'async' ? asyncRules(model) : seamcallRules(model);
  return reportOn(kind, records, source, (fields) => CHECKS[kind](model, fields), rules);
}

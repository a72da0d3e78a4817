import type { VectorRecord } from '../vectors/vector-file.js';
import { reportOn, type VectorReport } from '../vectors/vector-report.js';
import { MODULE_1_5_01, type ModuleModel } from './model.js';
import { checkTdcallVector, tdcallRules } from './tdcall-vectors.js';
import { checkVmcallVector, VMCALL_RULES } from './vmcall-vectors.js';

const CHECKS = { vmcall: checkVmcallVector, tdcall: checkTdcallVector } as const;

/** The kinds of vectors that the module model is judged by. */
export type ModuleVectorKind = keyof typeof CHECKS;

/**
 * Judges the module model by recorded vectors.
 *
 * @param kind What the records are; see kindOfVectors.
 * @param source What to call the file in messages.
 * @param model The model to judge; another than the default is for tests.
 * @throws VectorFileError if a record lacks a field or holds something else in it.
 */
export function checkVectors(
  kind: ModuleVectorKind,
  records: readonly VectorRecord[],
  source = 'vectors',
  model: ModuleModel = MODULE_1_5_01,
): VectorReport {
  const rules = kind === 'vmcall' ? VMCALL_RULES : tdcallRules(model);
  return reportOn(kind, records, source, (fields) => CHECKS[kind](model, fields), rules);
}

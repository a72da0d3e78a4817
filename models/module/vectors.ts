import { MODULE_1_5_01, type ModuleModel } from './model.js';
import { checkTdcallVector } from './tdcall-vectors.js';
import { VectorFields, type VectorMismatch } from './vector-fields.js';
import { VectorFileError, type VectorRecord } from './vector-file.js';
import { checkVmcallVector } from './vmcall-vectors.js';

/** What a vector is about, recognised from the fields it has. */
export type VectorKind = 'vmcall' | 'tdcall' | 'seamcall' | 'async';

/** The kinds that a model exists for. */
export type ModelledKind = 'vmcall' | 'tdcall';

/** The fields that every record of a kind has; no other kind has them all. */
const KIND_FIELDS: Readonly<Record<VectorKind, readonly string[]>> = {
  vmcall: ['no_rbp_mod', 'guest_in', 'guest_xmm_in', 'interruptibility_in'],
  tdcall: ['fill', 'guest_in', 'rip_delta'],
  seamcall: ['sys_state', 'host_in'],
  async: ['reason', 'debug', 'host_before_enter'],
};

const CHECKS = { vmcall: checkVmcallVector, tdcall: checkTdcallVector } as const;

/** What became of the vectors of one file. */
export interface VectorReport {
  readonly kind: ModelledKind;
  /** All records. */
  readonly total: number;
  /** Records with at least one compared field and no mismatch. */
  readonly matched: number;
  /** Output fields that are a function of the recorded inputs and the configuration, over all records. */
  readonly fieldsCompared: number;
  /** Output fields that come from unrecorded state, over all records. */
  readonly fieldsTakenAsInput: number;
  readonly mismatches: readonly VectorMismatch[];
  /** Records that are neither matched nor mismatched, and why. */
  readonly exceptions: readonly { readonly count: number; readonly reason: string }[];
}

/** What kind of vector this is, or `undefined` if it has the fields of none. */
export function kindOfRecord(record: VectorRecord): VectorKind | undefined {
  const kinds = Object.keys(KIND_FIELDS) as VectorKind[];
  return kinds.find((kind) => KIND_FIELDS[kind].every((field) => Object.hasOwn(record.value, field)));
}

/**
 * The kind of a whole file.
 *
 * @param source What to call the file in messages.
 * @throws VectorFileError if a record has no known shape, or the file mixes kinds.
 */
export function kindOfVectors(records: readonly VectorRecord[], source: string): VectorKind {
  let first: VectorKind | undefined;
  for (const record of records) {
    const kind = kindOfRecord(record);
    if (kind === undefined) {
      throw new VectorFileError(
        `${source}:${record.line}: not a vector of a known kind (${Object.keys(KIND_FIELDS).join(', ')})`,
      );
    }
    first ??= kind;
    if (kind !== first) {
      throw new VectorFileError(`${source}:${record.line}: a ${kind} vector in a file of ${first} vectors, split it`);
    }
  }
  if (first === undefined) throw new VectorFileError(`${source}: no vectors in it`);
  return first;
}

/** Whether {@link checkVectors} can judge this kind. There is no model of SEAMCALL and of asynchronous exits yet. */
export function hasModel(kind: VectorKind): kind is ModelledKind {
  return Object.hasOwn(CHECKS, kind);
}

/**
 * Judges the module model by recorded vectors.
 *
 * @param kind What the records are; see {@link kindOfVectors} and {@link hasModel}.
 * @param source What to call the file in messages.
 * @param model The model to judge; another than the default is for tests.
 * @throws VectorFileError if a record lacks a field or holds something else in it.
 */
export function checkVectors(
  kind: ModelledKind,
  records: readonly VectorRecord[],
  source = 'vectors',
  model: ModuleModel = MODULE_1_5_01,
): VectorReport {
  let matched = 0;
  let fieldsCompared = 0;
  let fieldsTakenAsInput = 0;
  let undecided = 0;
  const mismatches: VectorMismatch[] = [];
  for (const record of records) {
    const fields = new VectorFields(record, source);
    CHECKS[kind](model, fields);
    fieldsCompared += fields.compared;
    fieldsTakenAsInput += fields.takenAsInput;
    mismatches.push(...fields.mismatches);
    if (fields.mismatches.length > 0) continue;
    if (fields.compared > 0) matched++;
    else undecided++;
  }
  const reason = 'no field is a function of the recorded inputs and the configuration';
  const exceptions = undecided === 0 ? [] : [{ count: undecided, reason }];
  return { kind, total: records.length, matched, fieldsCompared, fieldsTakenAsInput, mismatches, exceptions };
}

import { VectorFields, type VectorMismatch } from './vector-fields.js';
import type { VectorRecord } from './vector-file.js';
import type { VectorKind } from './vector-kind.js';

/** What became of the vectors of one file. */
export interface VectorReport {
  readonly kind: VectorKind;
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

/**
 * Judges records one by one.
 *
 * @param source What to call the file in messages.
 * @param check Compares one record with a model.
 * @throws VectorFileError if a record lacks a field or holds something else in it.
 */
export function reportOn(
  kind: VectorKind,
  records: readonly VectorRecord[],
  source: string,
  check: (fields: VectorFields) => void,
): VectorReport {
  let matched = 0;
  let fieldsCompared = 0;
  let fieldsTakenAsInput = 0;
  let undecided = 0;
  const mismatches: VectorMismatch[] = [];
  for (const record of records) {
    const fields = new VectorFields(record, source);
    check(fields);
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

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
  /** How many records stand on each rule of the model, by its name. One with fewer than two is a guess. */
  readonly rules: Readonly<Record<string, number>>;
  /** Records that are neither matched nor mismatched, and why. */
  readonly exceptions: readonly { readonly count: number; readonly reason: string }[];
}

/**
 * Judges records one by one.
 *
 * @param source What to call the file in messages.
 * @param check Compares one record with a model, and says on which of its rules it stands.
 * @param rules Rules that the model has, whether a record stands on them or not.
 * @throws VectorFileError if a record lacks a field or holds something else in it.
 */
export function reportOn(
  kind: VectorKind,
  records: readonly VectorRecord[],
  source: string,
  check: (fields: VectorFields) => void,
  rules: readonly string[],
): VectorReport {
  let matched = 0;
  let fieldsCompared = 0;
  let fieldsTakenAsInput = 0;
  let undecided = 0;
  const mismatches: VectorMismatch[] = [];
  const standing: Record<string, number> = Object.fromEntries(rules.map((rule) => [rule, 0]));
  for (const record of records) {
    const fields = new VectorFields(record, source);
    check(fields);
    fieldsCompared += fields.compared;
    fieldsTakenAsInput += fields.takenAsInput;
    mismatches.push(...fields.mismatches);
    for (const rule of fields.rules) standing[rule] = (standing[rule] ?? 0) + 1;
    if (fields.mismatches.length > 0) continue;
    if (fields.compared > 0) matched++;
    else undecided++;
  }
  const reason = 'no field is a function of the recorded inputs and the configuration';
  const exceptions = undecided === 0 ? [] : [{ count: undecided, reason }];
  return {
    kind,
    total: records.length,
    matched,
    fieldsCompared,
    fieldsTakenAsInput,
    mismatches,
    rules: standing,
    exceptions,
  };
}

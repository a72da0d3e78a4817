import { VectorFileError, type VectorRecord } from './vector-file.js';

/** What a vector is about, recognised from the fields it has. */
export type VectorKind = 'vmcall' | 'tdcall' | 'seamcall' | 'async';

/** The fields that every record of a kind has; no other kind has them all. */
const KIND_FIELDS: Readonly<Record<VectorKind, readonly string[]>> = {
  vmcall: ['no_rbp_mod', 'guest_in', 'guest_xmm_in', 'interruptibility_in'],
  tdcall: ['fill', 'guest_in', 'rip_delta'],
  seamcall: ['sys_state', 'host_in'],
  async: ['reason', 'debug', 'host_before_enter'],
};

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

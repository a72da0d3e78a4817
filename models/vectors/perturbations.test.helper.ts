import type { VectorRecord } from './vector-file.js';

/** What a test may change. */
export type Json = Record<string, unknown>;

/** A deep copy of a record's fields. */
export const copyOf = (record: VectorRecord): Json => structuredClone(record.value) as Json;

/** Where an output can be changed in a record: its field, and the copy with that one bit (or word) changed. */
export function* perturbations(record: VectorRecord, outputs: readonly string[]): Generator<readonly [string, Json]> {
  const flip = (text: string): string => text.slice(0, -1) + (Number.parseInt(text.slice(-1), 16) ^ 1).toString(16);
  for (const output of outputs) {
    const value = record.value[output];
    if (value === undefined) continue;
    if (typeof value === 'object' && value !== null) {
      for (const [key, text] of Object.entries(value)) {
        const copy = copyOf(record);
        (copy[output] as Json)[key] = flip(text as string);
        yield [Array.isArray(value) ? `${output}[${key}]` : `${output}.${key}`, copy];
      }
      continue;
    }
    const copy = copyOf(record);
    if (typeof value === 'boolean') copy[output] = !value;
    else if (typeof value === 'number') copy[output] = value ^ 1;
    else copy[output] = (value as string).startsWith('0x') ? flip(value as string) : 'something_else';
    yield [output, copy];
  }
}

import { fileURLToPath } from 'node:url';
import { readVectorFile, type VectorRecord } from './vector-file.js';
import type { VectorKind } from './vector-kind.js';

/** The committed vectors of one kind, from `corpus/vectors`. */
export function recordedVectors(kind: VectorKind): VectorRecord[] {
  return readVectorFile(fileURLToPath(new URL(`../../corpus/vectors/module-1.5.01-${kind}.jsonl.gz`, import.meta.url)));
}

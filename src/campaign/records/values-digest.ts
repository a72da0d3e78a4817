/** sha256 of the values of a case: two cases with the same values are the same case. */
import { createHash } from 'node:crypto';
import type { StoredValues } from '../../stored/case-schema.js';

export function valuesDigest({ steps }: StoredValues): string {
  return createHash('sha256').update(JSON.stringify(steps)).digest('hex');
}

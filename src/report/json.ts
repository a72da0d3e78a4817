/** JSON with sorted keys: the `result` of two runs with one seed is the same, byte for byte. */
import type { RunResult } from '../campaign/records/result.js';

export function resultJson(run: RunResult): string {
  return `${JSON.stringify(sorted(run), null, 2)}\n`;
}

/** A copy in which the keys of every object are in order. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)]));
}

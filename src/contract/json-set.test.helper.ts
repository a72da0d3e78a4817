/** A contract set as a user's JSON file has it, and a way to break it in one place. */
import type { ContractSet } from './contract.js';

/** The set as plain JSON: the symbol is the key alone. */
export function asJson(set: ContractSet): unknown {
  const json = JSON.parse(JSON.stringify({ schema: 'tdxfuzz/contracts/1', ...set })) as {
    contracts: Record<string, { symbol?: string }>;
  };
  for (const contract of Object.values(json.contracts)) delete contract.symbol;
  return json;
}

/** A copy with the value at `path` replaced, or taken away if `value` is undefined. */
export function withValue(json: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const copy: unknown = structuredClone(json);
  let at = copy as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as typeof at;
  const last = path[path.length - 1];
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}

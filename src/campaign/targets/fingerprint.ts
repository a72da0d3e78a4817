/** What a target is, as a number: unchanged code under an unchanged contract has the same one. */
import { createHash } from 'node:crypto';
import { reachedFunctions } from '../../harness/call-graph.js';
import { toolVersion } from '../../package-info.js';
import { type AnyTarget, contractId, isProgram } from '../../run/target.js';

/**
 * sha256 over the code that the target's function reaches by direct calls, after relocation and with addresses relative to
 * the function; over its contract, the properties that are judged, and the tool's version. Where the contract was read is no part of it: a
 * citation that moves changes no verdict.
 */
export function fingerprint(target: AnyTarget): string {
  const hash = createHash('sha256');
  const { source: _source, ...contract } = isProgram(target) ? target.program : target.contract;
  const about = [toolVersion(), contractId(target), contract, target.properties ?? 'all'];
  hash.update(JSON.stringify(about));
  const functions = reachedFunctions(target.image, target.symbol);
  const [{ address: entry }] = functions;
  for (const { address, bytes } of functions) hash.update(`\n${address - entry}\n`).update(bytes);
  return hash.digest('hex');
}

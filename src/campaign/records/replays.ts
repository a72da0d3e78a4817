/** Stored cases that are replayed on a target before fresh ones. */
import type { StoredCase } from '../../stored/stored-cases.js';
import { UsageError } from '../../errors.js';
import type { Case } from '../../case/case.js';
import { valuesOf } from '../../stored/stored-values.js';
import type { Runner } from '../../run/runner.js';
import { type AnyTarget, contractOf } from '../../run/target.js';

export interface Replay {
  /** The file that it came from. */
  name: string;
  values: Case;
}

/**
 * Whether a case was made under the target's contract: the same set, the same function of it, the same kind of code. A case that
 * cannot be is not read.
 */
export function speaksOf(stored: StoredCase, target: AnyTarget): boolean {
  const contract = contractOf(target);
  if (stored.mayBeOf?.(target.set, contract.symbol) === false) return false;
  const { set, body } = stored.file.contract;
  return set === target.set && body.symbol === contract.symbol && programOf(body) === programOf(contract);
}

/** Of two contracts with one symbol: which program, or undefined for a stub. */
function programOf(contract: object): unknown {
  return 'program' in contract ? contract.program : undefined;
}

/** @throws UsageError naming a case with values that the target's contract has no place for */
export function replaysOf(target: AnyTarget, { space }: Runner, stored: readonly StoredCase[]): Replay[] {
  return stored
    .filter((one) => speaksOf(one, target))
    .map(({ name, file }) => {
      try {
        return { name, values: valuesOf(file, space) };
      } catch (error) {
        if (error instanceof UsageError) throw new UsageError(`${name}: ${error.message}`);
        throw error;
      }
    });
}

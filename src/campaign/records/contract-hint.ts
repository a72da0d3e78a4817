/**
 * Whether another contract fits a target better. A function that was bound to the contract of another one fails nearly every
 * case, in dozens of ways: what its user needs to hear is that, and not the ways.
 */
import { drawCases } from '../../case/arbitrary.js';
import { UsageError } from '../../errors.js';
import { CONTRACT_SETS } from '../../contract/library/sets.js';
import { ImageError } from '../../image/image.js';
import { openRunner } from '../../run/open-runner.js';
import type { Runner } from '../../run/runner.js';
import { type AnyTarget, contractId, contractOf, isProgram } from '../../run/target.js';
import { shorten } from '../../text/escape.js';

export interface ContractHint {
  text: string;
  /** `SET/FUNCTION` */
  contract: string;
}

/** Any four words: the same cases every time. */
const WORDS = [11, 12, 13, 14] as const;
const CASES = 60;
/** Of ten cases these fail where a contract is not that of the function. */
const NEARLY_EVERY = 0.9;
/** Another contract fits better if it leaves so small a part of the violations. */
const FEWER = 1 / 3;

/** Properties that say that the call itself is another one. */
export const OF_THE_CALL: ReadonlySet<string> = new Set(['vmcall-frame', 'marshals-arguments', 'seamcall-frame']);

/** @returns undefined where nothing speaks for another contract */
export function contractHint(runner: Runner): ContractHint | undefined {
  const { target } = runner;
  const own = misfit(runner);
  if (own === undefined || own.failing < NEARLY_EVERY) return undefined;
  let best: { target: AnyTarget; clauses: number } | undefined;
  for (const other of alternatives(target)) {
    const fit = misfitOf(other);
    if (fit !== undefined && fit.clauses < (best?.clauses ?? Infinity)) best = { target: other, clauses: fit.clauses };
  }
  if (best === undefined || best.clauses > own.clauses * FEWER) return undefined;
  const [is, fits] = [contractId(target), contractId(best.target)];
  const kept = `${own.clauses.toFixed(1)} clauses a case violated under ${shorten(is)}, ${best.clauses.toFixed(1)} under it`;
  return { text: `the contract may be the wrong one: ${shorten(fits)} fits better (${kept})`, contract: fits };
}

/** @returns the part of the cases in which the call itself is wrong, and violated clauses a case */
function misfit(runner: Runner): { failing: number; clauses: number } | undefined {
  let failing = 0;
  let clauses = 0;
  for (const values of drawCases(runner.space, WORDS, CASES)) {
    const violations = runner.run(values);
    if (violations === undefined) return undefined;
    clauses += violations.length;
    if (violations.some(({ clause }) => OF_THE_CALL.has(clause.property.name))) failing++;
  }
  return { failing: failing / CASES, clauses: clauses / CASES };
}

function misfitOf(target: AnyTarget): ReturnType<typeof misfit> {
  try {
    return misfit(openRunner(target));
  } catch (error) {
    // The image lacks what this contract's program needs.
    if (error instanceof UsageError || error instanceof ImageError) return undefined;
    throw error;
  }
}

/** The same code under every other contract of its kind. */
function alternatives(target: AnyTarget): AnyTarget[] {
  const { name, symbol, image } = target;
  return CONTRACT_SETS.flatMap((set): AnyTarget[] =>
    isProgram(target)
      ? Object.values(set.programs ?? {}).map((program) => ({
          name,
          symbol,
          set: set.name,
          image,
          contractName: program.symbol,
          program: { ...program, symbol },
        }))
      : Object.values(set.contracts)
          .filter(({ instruction }) => instruction === target.contract.instruction)
          .map((contract) => ({ name, symbol, set: set.name, image, contract })),
  ).filter((other) => contractId(other) !== contractId(target) && contractOf(other) !== contractOf(target));
}

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
/** A function under a contract that is not its own fails so often, in ways that say that it was called wrongly. */
const OFTEN = 0.5;
/** Another contract fits better if it leaves so small a part of that, or so small a part of all violated clauses. */
const SELDOM = 0.2;
const FEWER = 1 / 3;
/** Clauses a case from which on their number says something: one mistake of a function breaks one or two. */
const MANY = 5;
/** Where only a few are violated, nothing but these says that the function cannot live with what it was given. */
const CRASHES: ReadonlySet<string> = new Set(['terminates', 'ends-safely']);

/** Properties that say that the call itself is another one, or that the function cannot live with what it was given. */
export const OF_THE_CALL: ReadonlySet<string> = new Set([
  'vmcall-frame',
  'seamcall-frame',
  'marshals-arguments',
  'keeps-stack',
  'terminates',
  'ends-safely',
]);

interface Misfit {
  /** The part of the cases in which the call itself is wrong. */
  failing: number;
  /** The part of the cases in which the function does not come to an end of its own. */
  crashing: number;
  /** Violated clauses a case. */
  clauses: number;
}

/** @returns undefined where nothing speaks for another contract */
export function contractHint(runner: Runner): ContractHint | undefined {
  const { target } = runner;
  const own = misfit(runner);
  if (own === undefined || own.failing < OFTEN) return undefined;
  let best: { target: AnyTarget; fit: Misfit } | undefined;
  for (const other of alternatives(target)) {
    const fit = misfitOf(other);
    if (fit !== undefined && fitsBetter(fit, own) && (best === undefined || compare(fit, best.fit) < 0))
      best = { target: other, fit };
  }
  if (best === undefined) return undefined;
  const [is, fits] = [contractId(target), contractId(best.target)];
  const told = `${percent(own.failing)} of the cases fail in the call itself under ${shorten(is)}, ${percent(best.fit.failing)} under it`;
  return { text: `the contract may be the wrong one: ${shorten(fits)} fits better (${told})`, contract: fits };
}

function fitsBetter(fit: Misfit, own: Misfit): boolean {
  if (own.clauses >= MANY) return fit.clauses <= own.clauses * FEWER;
  return own.crashing >= OFTEN && fit.failing <= own.failing * SELDOM;
}

function compare(a: Misfit, b: Misfit): number {
  return a.failing - b.failing || a.clauses - b.clauses;
}

function percent(part: number): string {
  return `${Math.round(100 * part)} %`;
}

function misfit(runner: Runner): Misfit | undefined {
  let failing = 0;
  let crashing = 0;
  let clauses = 0;
  for (const values of drawCases(runner.space, WORDS, CASES)) {
    const violations = runner.run(values);
    if (violations === undefined) return undefined;
    clauses += violations.length;
    if (violations.some(({ clause }) => OF_THE_CALL.has(clause.property.name))) failing++;
    if (violations.some(({ clause }) => CRASHES.has(clause.property.name))) crashing++;
  }
  return { failing: failing / CASES, crashing: crashing / CASES, clauses: clauses / CASES };
}

function misfitOf(target: AnyTarget): Misfit | undefined {
  try {
    return misfit(openRunner(target));
  } catch (error) {
    // The image lacks what this contract's program needs.
    if (error instanceof UsageError || error instanceof ImageError) return undefined;
    throw error;
  }
}

/** The same code under every other contract of its kind: of a program, that of other versions. */
function alternatives(target: AnyTarget): AnyTarget[] {
  const { name, symbol, image } = target;
  return CONTRACT_SETS.flatMap((set): AnyTarget[] =>
    isProgram(target)
      ? Object.values(set.programs ?? {})
          .filter(({ program }) => program === target.program.program)
          .map((program) => ({
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

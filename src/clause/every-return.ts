/** What every program keeps whenever a function of ours returns to its caller. */
import { agrees } from './exchange-clause.js';
import type { ProgramRule } from './property.js';

/** Moments at which a function of ours returns to its caller. */
const RETURNS = ['return', 'KVM_RUN returns'] as const;

/** @param names values of a return, as src/play/call.ts gives them */
export function atEveryReturn(...names: readonly string[]): ProgramRule {
  return {
    programs: 'all',
    appliesTo: ({ neverReturns }) => neverReturns !== true || 'the function never returns',
    clauses: () => RETURNS.flatMap((moment) => names.map((name) => agrees(moment, name))),
  };
}

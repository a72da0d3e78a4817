/** What one violation of a shrunken case has to do with the others of the same run. */
import type { Case } from '../case/case.js';
import type { Runner } from '../run/runner.js';
import type { Account } from './account.js';
import { causeKey, type Related } from './causes.js';

/** Violations of one case that are tried: a wrong contract has hundreds. */
const MOST = 48;

export interface Relations extends Pick<Related, 'decision' | 'step' | 'manner'> {
  removedBy: string[];
  unclear: string[];
}

/**
 * @param values the shrunken case
 * @param account of the violation
 * @param others all of the case
 */
export function relationsOf(runner: Runner, values: Case, account: Account, others: readonly Account[]): Relations {
  const { step, trace, violation } = account;
  const removedBy: string[] = [];
  const unclear: string[] = [];
  for (const other of others.slice(0, MOST)) {
    if (other === account) continue;
    runner.run(values);
    const left = runner.without(other.violation);
    const { property, slot } = violation.clause;
    const isGone = left?.some(({ clause }) => clause.property === property && clause.slot === slot) === false;
    if (isGone) removedBy.push(causeKey(other.signature));
    else if (left === undefined || !runner.putsInMachine) {
      if (comesBefore(other, account) || (isOfTheWay(runner, other) && !isOfTheWay(runner, account)))
        unclear.push(causeKey(other.signature));
    }
  }
  runner.run(values);
  const manner = runner.manner(violation);
  const decision = trace.steps.slice(0, Math.max(0, step)).findLast(isDecision);
  return {
    decision: decision === undefined ? '' : runner.place(decision.address, violation),
    step: Math.max(0, step),
    manner,
    removedBy,
    unclear,
  };
}

function isDecision({ instruction, interrupt }: Account['trace']['steps'][number]): boolean {
  return !interrupt && instruction?.flow === 'conditional';
}

/** Whether it says that the code went another way: wrong values follow from that, wherever they were made. */
function isOfTheWay(runner: Runner, { violation }: Account): boolean {
  return ['goes on', 'decision', 'end'].includes(runner.wrong(violation).kind);
}

/** By the instruction to blame; of one instruction what is looked at earlier. */
function comesBefore(a: Account, b: Account): boolean {
  return a.step < b.step || (a.step === b.step && a.violation.clause.index < b.violation.clause.index);
}

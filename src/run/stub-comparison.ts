/** What a clause over a single run expected and what was found, as a person says it. */
import type { Clause, Influence, Term } from '../clause/clause.js';
import { renderTerm } from '../clause/render.js';
import type { CaseRunner } from '../judge/case-runner.js';
import type { CaseContext } from '../judge/context.js';
import { BLOCK, END, END_NAMES, FACT, registerSlot, slotValue, vectorSlot } from '../observation/layout.js';
import { hex } from '../text/hex.js';
import { exceptionName, VECTOR } from '../x86/exit.js';
import type { Comparison } from './runner.js';
import { termText } from './stub-words.js';

/** @param runner ran the case last */
export function compareCase(clause: Clause, runner: CaseRunner): Comparison {
  const { context } = runner;
  switch (clause.kind) {
    case 'when':
      return compareCase(clause.clause, runner);
    case 'equal': {
      const mask = clause.mask ?? (1n << 64n) - 1n;
      return {
        expected: told(clause.right, valueOf(clause.right, runner) & mask, runner),
        actual: told(clause.left, valueOf(clause.left, runner) & mask, runner),
      };
    }
    case 'zero':
      return {
        expected: `${renderTerm(clause.term)} = 0`,
        actual: told(clause.term, valueOf(clause.term, runner), runner),
      };
    case 'oneOf':
      return {
        expected: `one of ${clause.values.map((term) => told(term, valueOf(term, runner), runner)).join(', ')}`,
        actual: told(clause.term, valueOf(clause.term, runner), runner),
      };
    case 'within':
      return {
        expected: `from ${renderTerm(clause.low)} to ${renderTerm(clause.high)}`,
        actual: told(clause.term, valueOf(clause.term, runner), runner),
      };
    case 'independent':
      return flow(clause.term, clause.of, context, runner);
    case 'endedAs':
    case 'endedAsOrBlockFault':
      return { expected: `the run ends: ${clause.ends.join(', ')}`, actual: endOf(context) };
    case 'noWriteOutside':
      return {
        expected: 'stores on the own stack and into the block only',
        actual: `${fact(context, 'strayWrites')} elsewhere`,
      };
    case 'noAccessBelowStackPointer':
      return { expected: 'no access below RSP', actual: `${fact(context, 'accessesBelowStack')} below RSP` };
    case 'before':
      return {
        expected: 'STI is the instruction immediately before TDCALL',
        actual:
          fact(context, 'stiCount') === 0n ? 'no STI was executed' : 'other instructions stand between STI and TDCALL',
      };
  }
}

/** `final.rbx = rbx at the entry (0x5ec2e7035ec2e703)`; of a constant the number alone. */
function told(term: Term, value: bigint, runner: CaseRunner): string {
  return term.kind === 'constant' ? hex(value) : `${renderTerm(term)} = ${termText(term, value, runner)}`;
}

const INFLUENCES: Readonly<Record<Influence, string>> = {
  'guest-secrets': 'guest secrets',
  'host-values': 'host values',
  'td-values': 'values of the TD',
};

function flow(term: Term, of: Influence, context: CaseContext, runner: CaseRunner): Comparison {
  const what = INFLUENCES[of];
  const base = valueOf(term, runner);
  const other = valueOf(term, runner, of === 'guest-secrets' ? context.guest : context.host);
  const name = renderTerm(term);
  if (term.kind === 'fact' && term.fact !== 'faultAddress') {
    return { expected: `${name} is the same for all ${what}`, actual: `${name} differs when only ${what} change` };
  }
  return {
    expected: `${name} is the same for all ${what}`,
    actual: `${told(term, base, runner)}, but ${hex(other)} when only ${what} change`,
  };
}

function valueOf(term: Term, { context, compiled }: CaseRunner, observation = context.base): bigint {
  switch (term.kind) {
    case 'register':
      return slotValue(observation, registerSlot(term.moment, term.register));
    case 'field':
      return slotValue(observation, BLOCK[term.moment] + (compiled.fieldIndex.get(term.field) ?? 0));
    case 'vector':
      return slotValue(observation, vectorSlot(term.moment, term.part));
    case 'fact':
      return slotValue(observation, FACT[term.fact]);
    case 'constant':
      return term.value;
    case 'predicted':
      return valueOf(term.term, { context, compiled } as CaseRunner, context.prediction.values);
  }
}

function fact(context: CaseContext, name: keyof typeof FACT): bigint {
  return slotValue(context.base, FACT[name]);
}

/** How the base run ended, as a person says it. */
export function endOf(context: CaseContext): string {
  const { base } = context;
  const name = END_NAMES.find((candidate) => END[candidate] === context.end) ?? 'unknown';
  if (context.end === END.budget)
    return `ran out of its instruction budget after ${slotValue(base, FACT.instructions)} instructions`;
  if (context.end !== END.faulted) return name;
  const fault = `faulted with ${exceptionName(base[2 * FACT.endDetail])}`;
  const address = slotValue(base, FACT.faultAddress);
  // Only memory accesses and fetches have one; NULL is one of a page fault.
  return address === 0n && base[2 * FACT.endDetail] !== VECTOR.PF ? fault : `${fault} at address ${hex(address)}`;
}

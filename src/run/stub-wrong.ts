/** What a clause over a single run is about, for blame. */
import type { Clause, Term } from '../clause/clause.js';
import type { CaseRunner } from '../judge/case-runner.js';
import { slotOf } from '../judge/compile-clause.js';
import { END, FACT, slotValue } from '../observation/layout.js';
import { SLOT as STATE } from '../x86/layout.js';
import { REGISTER_INDEX } from '../x86/registers.js';
import type { Wrong } from './wrong.js';

/** @param runner ran the case last */
export function wrongOf(clause: Clause, runner: CaseRunner): Wrong {
  const { base, end } = runner.context;
  switch (clause.kind) {
    case 'when':
      return wrongOf(clause.clause, runner);
    case 'equal':
      return wrongTerm(clause.left, runner, wrongBits(clause, runner));
    case 'zero':
    case 'oneOf':
    case 'within':
      return wrongTerm(clause.term, runner);
    case 'independent':
      return wrongFlow(clause.term, clause.of === 'guest-secrets' ? 'guest' : 'host', runner);
    case 'endedAs':
    case 'endedAsOrBlockFault':
      if (end === END.budget) return { kind: 'decision' };
      return end === END.returned && !clause.ends.includes('returned') ? { kind: 'goes on' } : { kind: 'end' };
    case 'noWriteOutside':
      return { kind: 'instruction', address: slotValue(base, FACT.firstStrayWrite) };
    case 'noAccessBelowStackPointer':
      return { kind: 'instruction', address: slotValue(base, FACT.firstBelowStack) };
    case 'before':
      return { kind: 'sti' };
  }
}

/** Of flags at a call those that are not what they must be: STI behind them changes others, rightly. */
function wrongBits({ left, right, mask = (1n << 64n) - 1n }: Clause & { kind: 'equal' }, runner: CaseRunner): bigint {
  const { compiled, context } = runner;
  if (left.kind !== 'register' || left.register !== 'rflags' || left.moment !== 'call' || right.kind === 'constant')
    return mask;
  const expected = right.kind === 'predicted' ? context.prediction.values : context.base;
  return (slotValue(context.base, slotOf(left, compiled)) ^ slotValue(expected, slotOf(right, compiled))) & mask;
}

function wrongTerm(term: Term, runner: CaseRunner, mask = (1n << 64n) - 1n): Wrong {
  switch (term.kind) {
    case 'register': {
      const at = term.moment === 'call' ? 'first call' : 'end';
      if (term.register === 'rip') return { kind: 'end' };
      if (term.register === 'rflags') return { kind: 'flags', mask: Number(mask & 0xffffffffn), at };
      return { kind: 'value', location: { register: REGISTER_INDEX[term.register] }, at };
    }
    case 'field': {
      // The placement of the base run is what addresses are judged by.
      runner.harness.placeFor(runner.context.scenario, 0);
      const { harness } = runner;
      const location = { address: harness.fieldAddress(term.field), bytes: harness.fieldSize(term.field) };
      return { kind: 'value', location, at: 'end' };
    }
    case 'vector':
      return vectorWrong(2 * vectorStateSlot(term.part));
    case 'fact':
      if (term.fact === 'stiCount') return { kind: 'sti' };
      return CALL_FACTS.has(term.fact) ? { kind: 'calls', at: 'end' } : { kind: 'end' };
    default:
      return { kind: 'end' };
  }
}

const CALL_FACTS: ReadonlySet<string> = new Set(['calls', 'restOfHostView', 'hostExits']);

/** Where a value came from that must not depend on something: for the whole run, where the two runs part. */
function wrongFlow(term: Term, companion: 'guest' | 'host', runner: CaseRunner): Wrong {
  if (term.kind === 'fact' && (term.fact === 'path' || term.fact === 'pathToHost'))
    return { kind: 'parted', in: 'path', companion };
  if (term.kind === 'fact' && term.fact === 'addressesToHost')
    return { kind: 'instruction', address: slotValue(runner.context.guest, FACT.addressesToHost) };
  if (term.kind === 'fact' && term.fact === 'addresses') return { kind: 'parted', in: 'addresses', companion };
  return wrongTerm(term, runner);
}

function vectorWrong(from: number): Wrong {
  return { kind: 'vector', words: { from, to: from + 2 }, at: 'end' };
}

/** The machine's state slot of a part of the vector state: `mxcsr`, `x87cw`, `xmm3.low`... */
function vectorStateSlot(part: string): number {
  if (part === 'mxcsr') return STATE.MXCSR;
  if (part === 'x87cw') return STATE.X87_CW;
  const [register, half] = part.split('.');
  return STATE.XMM + 2 * Number(register.slice(3)) + (half === 'high' ? 1 : 0);
}

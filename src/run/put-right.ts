/** The value that a violated clause expects, put in place of the wrong one where it was looked at. */
import type { Clause, Term } from '../clause/clause.js';
import { readHalves, writeHalves } from '../halves.js';
import type { CaseRunner, PutInPlace } from '../judge/case-runner.js';
import { slotOf } from '../judge/compile-clause.js';
import { SLOT as STATE } from '../x86/layout.js';
import type { Machine } from '../x86/machine.js';
import { REGISTER_INDEX } from '../x86/registers.js';

const RIP = 2 * STATE.RIP;

/** @param runner ran the case last @returns undefined for a clause that expects no one value of a register or field */
export function putRight(clause: Clause, runner: CaseRunner): PutInPlace | undefined {
  switch (clause.kind) {
    case 'when':
      return putRight(clause.clause, runner);
    case 'zero':
      return put(clause.term, { kind: 'constant', value: 0n }, runner);
    case 'equal':
      return clause.mask === undefined ? put(clause.left, clause.right, runner) : undefined;
    default:
      return undefined;
  }
}

function put(wrong: Term, right: Term, runner: CaseRunner): PutInPlace | undefined {
  if (wrong.kind !== 'register' && wrong.kind !== 'field') return undefined;
  if (wrong.kind === 'register' && (wrong.register === 'rip' || wrong.register === 'rflags')) return undefined;
  const expected = valueOf(right, runner);
  if (expected === undefined) return undefined;
  if (wrong.kind === 'register' && wrong.moment === 'call') {
    const register = REGISTER_INDEX[wrong.register as keyof typeof REGISTER_INDEX];
    return { observer: () => beforeCall(register, expected), behind: () => undefined };
  }
  // At the end: what was observed is changed, since nothing of the code comes behind it.
  if (wrong.moment !== 'final') return undefined;
  const slot = slotOf(wrong, runner.compiled);
  return { observer: () => undefined, behind: (observation) => writeHalves(observation, 2 * slot, expected) };
}

function valueOf(term: Term, { context, compiled }: CaseRunner): bigint | undefined {
  if (term.kind === 'constant') return term.value;
  const slot = slotOf(term, compiled);
  if (term.kind !== 'predicted') return readHalves(context.base, 2 * slot);
  return context.prediction.known[slot] === 1 ? readHalves(context.prediction.values, 2 * slot) : undefined;
}

/** Sets a register in front of the first instruction that only the world can answer. */
function beforeCall(register: number, value: bigint) {
  let done = false;
  return {
    before(machine: Machine): void {
      const { state } = machine;
      if (done || machine.instructionAt(state[RIP], state[RIP + 1])?.flow !== 'environment') return;
      done = true;
      writeHalves(state, 2 * register, value);
    },
    after: (): void => undefined,
  };
}

/** What is wrong of a field of the block or of a register at the end. */
export function mannerOf(clause: Clause, runner: CaseRunner): 'changes' | 'stays' | 'other' {
  if (clause.kind === 'when') return mannerOf(clause.clause, runner);
  if (clause.kind !== 'equal' || clause.mask !== undefined) return 'other';
  const { left, right } = clause;
  if ((left.kind !== 'field' && left.kind !== 'register') || left.moment !== 'final') return 'other';
  const before = valueOf({ ...left, moment: 'initial' }, runner);
  if (valueOf(left, runner) === before) return 'stays';
  return valueOf(right, runner) === before ? 'changes' : 'other';
}

/** Turns a clause into a check over slot numbers: no names, no bigint and no allocation are left when a case is judged. */
import { highHalf, lowHalf, readHalves } from '../halves.js';
import type { Clause, Condition, Influence, Predictable, Term } from '../clause/clause.js';
import type { CompiledContract } from '../contract/compiled.js';
import { BLOCK, END, type EndName, FACT, OUTCOME, registerSlot, vectorSlot } from '../observation/layout.js';
import { parameterSlot } from '../scenario/layout.js';
import { isNull } from '../scenario/blocks.js';
import { REGISTER_NAMES } from '../x86/registers.js';
import type { CaseContext } from './context.js';

/** What a clause says about a case. */
export const VERDICT = { holds: 0, violated: 1, notInForce: 2 } as const;
export type Verdict = (typeof VERDICT)[keyof typeof VERDICT];
export type Check = (context: CaseContext) => Verdict;

const verdict = (holds: boolean): Verdict => (holds ? VERDICT.holds : VERDICT.violated);

/** What a clause says, without the conditions around it. */
export function innermost(clause: Clause): Exclude<Clause, { kind: 'when' }> {
  return clause.kind === 'when' ? innermost(clause.clause) : clause;
}

/** Which companion runs a clause needs. */
export function companionsOf(clause: Clause): { guest: boolean; host: boolean } {
  const inner = innermost(clause);
  return {
    guest: inner.kind === 'independent' && inner.of === 'guest-secrets',
    host: inner.kind === 'independent' && inner.of !== 'guest-secrets',
  };
}

export function compileClause(clause: Clause, compiled: CompiledContract): Check {
  switch (clause.kind) {
    case 'equal':
      return compileEqual(clause.left, clause.right, clause.mask ?? (1n << 64n) - 1n, compiled);
    case 'zero':
      return compileEqual(clause.term, { kind: 'constant', value: 0n }, (1n << 64n) - 1n, compiled);
    case 'oneOf': {
      const checks = clause.values.map((value) => compileEqual(clause.term, value, (1n << 64n) - 1n, compiled));
      return (context) => {
        let open = checks.length === 0;
        for (const check of checks) {
          const result = check(context);
          if (result === VERDICT.holds) return VERDICT.holds;
          if (result === VERDICT.notInForce) open = true;
        }
        return open ? VERDICT.notInForce : VERDICT.violated;
      };
    }
    case 'within': {
      const atLeast = compileAtMost(clause.low, clause.term, compiled);
      const atMost = compileAtMost(clause.term, clause.high, compiled);
      return (context) => {
        const low = atLeast(context);
        const high = atMost(context);
        if (low === VERDICT.violated || high === VERDICT.violated) return VERDICT.violated;
        return low === VERDICT.holds ? high : low;
      };
    }
    case 'endedAs': {
      const ends = endMask(clause.ends);
      return (context) => verdict(((ends >>> context.end) & 1) === 1);
    }
    case 'endedAsOrBlockFault': {
      const ends = endMask(clause.ends);
      return (context) =>
        verdict(
          ((ends >>> context.end) & 1) === 1 ||
            (context.end === END.faulted && context.base[2 * FACT.faultOnBlock] === 1),
        );
    }
    case 'noWriteOutside':
      return (context) => verdict(context.base[2 * FACT.strayWrites] === 0);
    case 'noAccessBelowStackPointer':
      return (context) => verdict(context.base[2 * FACT.accessesBelowStack] === 0);
    case 'before':
      return (context) => verdict(context.base[2 * FACT.stiBeforeCall] === 1);
    case 'independent':
      return compileIndependent(clause.term, clause.of);
    case 'when': {
      const conditions = clause.conditions.map((condition) => compileCondition(condition, compiled));
      const check = compileClause(clause.clause, compiled);
      return (context) => {
        for (const condition of conditions) if (!condition(context)) return VERDICT.notInForce;
        return check(context);
      };
    }
  }
}

/** Slot of a term in the observation; a constant has none. @throws RangeError for a field that the contract does not have */
export function slotOf(term: Exclude<Term, { kind: 'constant' }> | Predictable, compiled: CompiledContract): number {
  switch (term.kind) {
    case 'register':
      return registerSlot(term.moment, term.register);
    case 'field': {
      const index = compiled.fieldIndex.get(term.field);
      if (index === undefined) throw new RangeError(`${compiled.id}: no field ${term.field}`);
      return BLOCK[term.moment] + index;
    }
    case 'vector':
      return vectorSlot(term.moment, term.part);
    case 'fact':
      return FACT[term.fact];
    case 'predicted':
      return slotOf(term.term, compiled);
  }
}

/** Reads a term: where its halves are, or that they are not known. */
interface Reader {
  halves(context: CaseContext): Int32Array;
  index: number;
  known(context: CaseContext): boolean;
}

function reader(term: Term, compiled: CompiledContract): Reader {
  if (term.kind === 'constant') {
    const value = new Int32Array([lowHalf(term.value), highHalf(term.value)]);
    return { halves: () => value, index: 0, known: () => true };
  }
  const slot = slotOf(term, compiled);
  if (term.kind === 'predicted') {
    return {
      halves: (context) => context.prediction.values,
      index: 2 * slot,
      known: (context) => context.prediction.known[slot] === 1,
    };
  }
  return { halves: (context) => context.base, index: 2 * slot, known: () => true };
}

function compileEqual(left: Term, right: Term, mask: bigint, compiled: CompiledContract): Check {
  const a = reader(left, compiled);
  const b = reader(right, compiled);
  const maskLow = lowHalf(mask);
  const maskHigh = highHalf(mask);
  return (context) => {
    if (!a.known(context) || !b.known(context)) return VERDICT.notInForce;
    const x = a.halves(context);
    const y = b.halves(context);
    const low = (x[a.index] ^ y[b.index]) & maskLow;
    const high = (x[a.index + 1] ^ y[b.index + 1]) & maskHigh;
    return verdict((low | high) === 0);
  };
}

/** left <= right, unsigned. */
function compileAtMost(left: Term, right: Term, compiled: CompiledContract): Check {
  const a = reader(left, compiled);
  const b = reader(right, compiled);
  return (context) => {
    if (!a.known(context) || !b.known(context)) return VERDICT.notInForce;
    const x = a.halves(context);
    const y = b.halves(context);
    const high = (x[a.index + 1] >>> 0) - (y[b.index + 1] >>> 0);
    return verdict(high < 0 || (high === 0 && x[a.index] >>> 0 <= y[b.index] >>> 0));
  };
}

function isEqual(one: Int32Array, other: Int32Array, slot: number): boolean {
  return one[2 * slot] === other[2 * slot] && one[2 * slot + 1] === other[2 * slot + 1];
}

/** Only observed values can flow: a constant or a prediction is no place where something could end. */
function compileIndependent(term: Term, of: Influence): Check {
  if (term.kind !== 'register' && term.kind !== 'fact')
    throw new RangeError(`independent() speaks of registers and facts`);
  const index = 2 * (term.kind === 'register' ? registerSlot(term.moment, term.register) : FACT[term.fact]);
  const guest = of === 'guest-secrets';
  const final = term.kind === 'register' && term.moment === 'final';
  const accesses = term.kind === 'fact' && term.fact === 'addressesToHost';
  return (context) => {
    if (!(guest ? context.hasGuestCompanion : context.hasHostCompanion)) return VERDICT.notInForce;
    const other = guest ? context.guest : context.host;
    const { base } = context;
    // Final registers of runs that ended differently say nothing: that they parted is the path's own clause.
    if (final && base[2 * FACT.end] !== other[2 * FACT.end]) return VERDICT.notInForce;
    // Other instructions access other memory, and that they do is the path's clause as well.
    if (accesses && !isEqual(base, other, FACT.pathToHost)) return VERDICT.notInForce;
    return verdict(base[index] === other[index] && base[index + 1] === other[index + 1]);
  };
}

function compileCondition(condition: Condition, compiled: CompiledContract): (context: CaseContext) => boolean {
  switch (condition.kind) {
    case 'ended': {
      const ends = endMask(condition.as);
      return (context) => ((ends >>> context.end) & 1) === 1;
    }
    case 'called':
      return (context) => context.called;
    case 'host-answered':
      return (context) => context.hostAnswered;
    case 'td-answered':
      return (context) => context.tdAnswered;
    case 'outcome': {
      const outcomes = condition.is.reduce((mask, name) => mask | (1 << OUTCOME[name]), 0);
      return (context) => context.called && ((outcomes >>> context.outcome) & 1) === 1;
    }
    case 'call-failed':
      return (context) => context.callFailed;
    case 'must-stop':
      return (context) => context.mustStop;
    case 'caller-kept':
      return (context) => context.callerKept;
    case 'block-overlaps-stack':
      return (context) => context.blockOverlapsStack;
    case 'null': {
      const block = compiled.blocks.findIndex(({ parameter }) => parameter.name === condition.parameter);
      if (block < 0) throw new RangeError(`${compiled.id}: no block ${condition.parameter}`);
      return ({ scenario }) => isNull(scenario, compiled, block);
    }
    case 'flag': {
      const bits = compiled.flagBits.get(condition.flag);
      if (bits === undefined) throw new RangeError(`${compiled.id}: no flag ${condition.flag}`);
      const expected = condition.set ? bits : 0;
      return (context) => (context.flags & bits) === expected;
    }
    case 'parameter': {
      const parameter = compiled.contract.parameters.find(({ name }) => name === condition.parameter);
      if (parameter === undefined) throw new RangeError(`${compiled.id}: no parameter ${condition.parameter}`);
      const slot = 2 * parameterSlot(parameter.place);
      const narrow = compiled.narrowParameters.find((one) => one.parameter === parameter);
      const bits = (1n << BigInt(8 * (narrow?.bytes ?? 8))) - 1n;
      return ({ scenario }) => ((readHalves(scenario, slot) & bits) === 0n) === condition.zero;
    }
    case 'exposed': {
      const bit = REGISTER_NAMES.findIndex((name) => name === condition.register);
      if (bit < 0) throw new RangeError(`no mask exposes ${condition.register}`);
      return (context) => ((context.exposedMask >>> bit) & 1) === 1;
    }
    case 'unpredicted': {
      const slot = slotOf(condition.term, compiled);
      return ({ prediction }) => prediction.known[slot] === 0;
    }
    case 'not': {
      const inner = compileCondition(condition.condition, compiled);
      return (context) => !inner(context);
    }
  }
}

/** The ends as a bit mask over END. */
export function endMask(ends: readonly EndName[]): number {
  return ends.reduce((mask, end) => mask | (1 << END[end]), 0);
}

/**
 * The clauses of a target's properties as WebAssembly: another reader of the vocabulary of src/clause, beside the evaluator
 * of src/judge. A case is either clean, and counted here, or a suspect, which the reference judges again.
 */
import type { Guard, Origin, PredictionRule } from '../../models/predict/rule.js';
import type { Clause, Condition, Predictable, Term } from '../clause/clause.js';
import type { CompiledContract } from '../contract/compiled.js';
import type { Judge } from '../judge/judge.js';
import { BLOCK, END, type EndName, FACT, MOMENT, registerSlot, vectorSlot } from '../observation/layout.js';
import { parameterSlot, PLACE, SLOT } from '../scenario/layout.js';
import { all, any, i32, type I32, i64, type I64, type Local, seq, type Statement, when } from '../wasm/code.js';
import type { Scope } from '../wasm/module.js';
import { REGISTER_NAMES } from '../x86/registers.js';
import type { BulkLayout } from './layout.js';

const YES = i32.const(1);
const NO = i32.const(0);
const not = (condition: I32): I32 => i32.eqz(condition);

/** Whether a clause says anything, and whether what it says holds. */
interface Verdict {
  inForce: I32;
  holds: I32;
}

export interface JudgeInput {
  judge: Judge;
  compiled: CompiledContract;
  rules: readonly PredictionRule[];
  bulk: BulkLayout;
  /** 1 where the companion was run. */
  hasGuest: I32;
  hasHost: I32;
  /** 1 if companion H made the accesses of the base run. */
  sameAccesses: I32;
}

/** Bits of the sound places (placeIsSound). */
const SOUND = (1 << PLACE.valid) | (1 << PLACE.callerFrame) | (1 << PLACE.lowHalfZero);
const ALL_BITS = (1n << 64n) - 1n;

/** Code that judges the case whose runs were observed last. Afterwards `suspect` is not 0 if a clause may be violated. */
export class JudgeCode {
  /** Conditions that many clauses share, computed once a case. */
  private readonly shared = new Map<string, Local<I32>>();
  private readonly setUp: Statement[] = [];
  private readonly base: number;

  constructor(
    private readonly scope: Scope,
    private readonly input: JudgeInput,
  ) {
    [this.base] = input.bulk.observations;
  }

  /** @param suspect set to 1 if any clause is violated */
  judge(suspect: Local<I32>): Statement {
    const { judge, bulk } = this.input;
    const kept = this.once('caller-kept', this.callerKept());
    const inForce = judge.properties.map((): Map<string, I32> => new Map());
    const checks: Statement[] = [];
    for (const { clause, property, propertyIndex } of judge.clauses) {
      const { inForce: guard, holds } = this.clause(clause);
      const applies = property.underBreach ? guard : all(kept, guard);
      const key = JSON.stringify(guardKey(clause), (_, value: unknown) =>
        typeof value === 'bigint' ? value.toString() : value,
      );
      inForce[propertyIndex].set(`${key}${property.underBreach}`, applies);
      checks.push(suspect.set(i32.or(suspect.get, all(applies, not(holds)))));
    }
    const count = inForce.map((guards, property) =>
      guards.size === 0
        ? seq()
        : i32.store(
            bulk.inForce + 4 * property,
            0,
            i32.add(i32.load(bulk.inForce + 4 * property), any(...guards.values())),
          ),
    );
    return seq(...this.setUp, ...checks, when(not(suspect.get), seq(...count)));
  }

  /** A condition of the case by its key; computed once. */
  private once(key: string, condition: I32): I32 {
    let local = this.shared.get(key);
    if (local === undefined) {
      local = this.scope.i32();
      this.shared.set(key, local);
      this.setUp.push(local.set(condition));
    }
    return local.get;
  }

  private fact(slot: number): I32 {
    return i32.load(this.base, 8 * slot);
  }

  private word(slot: number): I64 {
    return i64.load(this.base, 8 * slot);
  }

  private scenarioLow(slot: number): I32 {
    return i32.load(this.input.bulk.scenarios[0], 8 * slot);
  }

  private ended(mask: number): I32 {
    return this.once(`ended ${mask}`, i32.and(i32.shrU(i32.const(mask), this.fact(FACT.end)), YES));
  }

  private isZero(slot: number): I32 {
    return this.once(`zero ${slot}`, i64.eqz(this.word(slot)));
  }

  private called(): I32 {
    return this.once('called', i32.ne(this.fact(FACT.calls), NO));
  }

  private sound(): I32 {
    return this.once('sound', i32.and(i32.shrU(i32.const(SOUND), this.scenarioLow(SLOT.blockPlace)), YES));
  }

  private flags(bits: number): I32 {
    const { flagsParameter } = this.input.compiled;
    const value = flagsParameter === undefined ? NO : this.scenarioLow(parameterSlot(flagsParameter.place));
    return i32.and(value, i32.const(bits));
  }

  private callerKept(): I32 {
    const { blockParameter } = this.input.compiled;
    if (blockParameter === undefined) return YES;
    if (!blockParameter.nullable) return this.sound();
    return any(this.sound(), i32.eq(this.scenarioLow(SLOT.blockPlace), i32.const(PLACE.null)));
  }

  private clause(clause: Clause): Verdict {
    switch (clause.kind) {
      case 'equal':
        return this.equal(clause.left, clause.right, clause.mask ?? ALL_BITS);
      case 'zero':
        return this.equal(clause.term, { kind: 'constant', value: 0n }, ALL_BITS);
      case 'oneOf': {
        const verdicts = clause.values.map((value) => this.equal(clause.term, value, ALL_BITS));
        const holds = any(...verdicts.map(({ inForce, holds: equal }) => all(inForce, equal)));
        const open = any(...verdicts.map(({ inForce }) => not(inForce)), verdicts.length === 0 ? YES : NO);
        return { inForce: any(holds, not(open)), holds };
      }
      case 'within': {
        const low = this.atMost(clause.low, clause.term);
        const high = this.atMost(clause.term, clause.high);
        const violated = any(all(low.inForce, not(low.holds)), all(high.inForce, not(high.holds)));
        return { inForce: any(violated, all(low.inForce, high.inForce)), holds: not(violated) };
      }
      case 'endedAs':
        return { inForce: YES, holds: this.ended(endMask(clause.ends)) };
      case 'endedAsOrBlockFault':
        return {
          inForce: YES,
          holds: any(
            this.ended(endMask(clause.ends)),
            all(this.ended(1 << END.faulted), i32.eq(this.fact(FACT.faultOnBlock), YES)),
          ),
        };
      case 'noWriteOutside':
        return { inForce: YES, holds: not(this.fact(FACT.strayWrites)) };
      case 'noAccessBelowStackPointer':
        return { inForce: YES, holds: not(this.fact(FACT.accessesBelowStack)) };
      case 'before':
        return { inForce: YES, holds: i32.eq(this.fact(FACT.stiBeforeCall), YES) };
      case 'independent':
        return this.independent(clause.term, clause.of);
      case 'when': {
        const inner = this.clause(clause.clause);
        const conditions = clause.conditions.map((condition) => this.condition(condition));
        return { inForce: all(...conditions, inner.inForce), holds: inner.holds };
      }
    }
  }

  private condition(condition: Condition): I32 {
    switch (condition.kind) {
      case 'ended':
        return this.ended(endMask(condition.as));
      case 'called':
        return this.called();
      case 'host-answered':
        return this.once('host-answered', i32.ne(this.fact(FACT.hostExits), NO));
      case 'call-failed':
        return this.once('call-failed', all(this.called(), not(this.isZero(MOMENT.answer))));
      case 'caller-kept':
        return this.once('caller-kept', this.callerKept());
      case 'block-overlaps-stack':
        return this.input.compiled.blockParameter === undefined
          ? NO
          : i32.eq(this.scenarioLow(SLOT.blockPlace), i32.const(PLACE.overlapsStack));
      case 'flag': {
        const bits = this.input.compiled.flagBits.get(condition.flag);
        if (bits === undefined) throw new RangeError(`${this.input.compiled.id}: no flag ${condition.flag}`);
        return this.once(
          `flag ${bits} ${condition.set}`,
          i32.eq(this.flags(bits), i32.const(condition.set ? bits : 0)),
        );
      }
      case 'exposed': {
        const bit = REGISTER_NAMES.findIndex((name) => name === condition.register);
        if (bit < 0) throw new RangeError(`no mask exposes ${condition.register}`);
        const mask = this.fact(MOMENT.call + 1);
        return this.once(
          `exposed ${bit}`,
          all(i32.ne(this.fact(FACT.hostExits), NO), i32.and(i32.shrU(mask, i32.const(bit)), YES)),
        );
      }
      case 'not':
        return not(this.condition(condition.condition));
    }
  }

  /** The values that a term may have; `when` is undefined for one that it has always. */
  private values(term: Term): { when: I32 | undefined; value: I64 }[] {
    if (term.kind === 'constant') return [{ when: undefined, value: i64.const(term.value) }];
    if (term.kind !== 'predicted') return [{ when: undefined, value: this.word(this.slotOf(term)) }];
    const slot = this.slotOf(term.term);
    return this.input.rules
      .filter((rule) => rule.slot === slot)
      .map(({ when: guards, value }) => ({ when: this.guards(guards), value: this.origin(value) }));
  }

  private slotOf(term: Exclude<Term, { kind: 'constant' } | { kind: 'predicted' }> | Predictable): number {
    switch (term.kind) {
      case 'register':
        return registerSlot(term.moment, term.register);
      case 'field': {
        const index = this.input.compiled.fieldIndex.get(term.field);
        if (index === undefined) throw new RangeError(`${this.input.compiled.id}: no field ${term.field}`);
        return BLOCK[term.moment] + index;
      }
      case 'vector':
        return vectorSlot(term.moment, term.part);
      case 'fact':
        return FACT[term.fact];
    }
  }

  private guards(guards: readonly Guard[]): I32 {
    return this.once(`guards ${JSON.stringify(guards)}`, all(...guards.map((guard) => this.guard(guard))));
  }

  private guard(guard: Guard): I32 {
    switch (guard.kind) {
      case 'ended':
        return this.ended(guard.as);
      case 'called':
        return this.called();
      case 'zero':
        return guard.is ? this.isZero(guard.slot) : not(this.isZero(guard.slot));
      case 'flags': {
        const given = this.input.compiled.flagsParameter !== undefined;
        const set = given ? i32.eq(this.flags(guard.bits), i32.const(guard.bits)) : NO;
        return guard.set ? set : not(set);
      }
      case 'block-given':
        return this.sound();
      case 'not-all':
        return not(this.guards(guard.of));
    }
  }

  private origin(origin: Origin): I64 {
    if (origin.from === 'constant') return i64.const((BigInt(origin.high) << 32n) | BigInt(origin.low >>> 0));
    if (origin.from === 'scenario') return i64.load(this.input.bulk.scenarios[0], 8 * origin.slot);
    const value = this.word(origin.slot);
    const sum = origin.plus === undefined ? value : i64.add(value, i64.const(BigInt(origin.plus)));
    return origin.or === undefined ? sum : i64.or(sum, i64.const(BigInt(origin.or >>> 0)));
  }

  /** At most one value of each side is in force at a time. */
  private compare(left: Term, right: Term, holds: (a: I64, b: I64) => I32): Verdict {
    const pairs = this.values(left).flatMap((a) =>
      this.values(right).map((b) => ({
        when: all(...[a.when, b.when].filter((guard) => guard !== undefined)),
        holds: holds(a.value, b.value),
      })),
    );
    if (pairs.length === 1) return { inForce: pairs[0].when, holds: pairs[0].holds };
    return {
      inForce: any(...pairs.map((pair) => pair.when)),
      holds: any(...pairs.map((pair) => all(pair.when, pair.holds))),
    };
  }

  private equal(left: Term, right: Term, mask: bigint): Verdict {
    return this.compare(left, right, (a, b) =>
      mask === ALL_BITS ? i64.eq(a, b) : i64.eqz(i64.and(i64.xor(a, b), i64.const(mask))),
    );
  }

  private atMost(left: Term, right: Term): Verdict {
    return this.compare(left, right, (a, b) => i64.geU(b, a));
  }

  private independent(term: Term, of: 'guest-secrets' | 'host-values'): Verdict {
    if (term.kind !== 'register' && term.kind !== 'fact')
      throw new RangeError('independent() speaks of registers and facts');
    const slot = term.kind === 'register' ? registerSlot(term.moment, term.register) : FACT[term.fact];
    const { bulk, hasGuest, hasHost, sameAccesses } = this.input;
    const has = of === 'guest-secrets' ? hasGuest : hasHost;
    // The hash over addresses is not computed in bulk: the accesses themselves are compared.
    if (slot === FACT.addresses) {
      if (of !== 'host-values') throw new RangeError('addresses differ between the memories of companion G');
      return { inForce: has, holds: sameAccesses };
    }
    const other = bulk.observations[of === 'guest-secrets' ? 1 : 2];
    return { inForce: has, holds: i64.eq(this.word(slot), i64.load(other, 8 * slot)) };
  }
}

/** What a clause's being in force depends on, as far as two clauses can share it. */
function guardKey(clause: Clause): unknown {
  if (clause.kind === 'when') return [clause.conditions, guardKey(clause.clause)];
  if (clause.kind === 'independent') return ['independent', clause.of];
  const open =
    clause.kind === 'oneOf' ||
    clause.kind === 'within' ||
    (clause.kind === 'equal' && (clause.left.kind === 'predicted' || clause.right.kind === 'predicted'));
  return open ? clause : 'always';
}

function endMask(ends: readonly EndName[]): number {
  return ends.reduce((mask, end) => mask | (1 << END[end]), 0);
}

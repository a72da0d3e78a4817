/**
 * The clauses of a target's properties as WebAssembly: another reader of the vocabulary of src/clause, beside the evaluator
 * of src/judge. A case is either clean, and counted here, or a suspect, which the reference judges again.
 */
import type { Guard, Origin, PredictionRule } from '../../models/predict/rule.js';
import { joinHalves } from '../halves.js';
import type { Clause, Condition, Influence, Term } from '../clause/clause.js';
import type { CompiledContract } from '../contract/compiled.js';
import { endMask, slotOf } from '../judge/compile-clause.js';
import type { Judge } from '../judge/judge.js';
import { END, FACT, MOMENT, registerSlot } from '../observation/layout.js';
import { parameterSlot, PLACE, placeIsSound, SLOT } from '../scenario/layout.js';
import { all, any, i32, type I32, i64, type I64, type Local, seq, type Statement, when } from '../wasm/code.js';
import type { Scope } from '../wasm/module.js';
import { REGISTER_NAMES } from '../x86/registers.js';
import type { LaneLayout } from './layout.js';

const YES = i32.const(1);
const NO = i32.const(0);
const not = (condition: I32): I32 => i32.eqz(condition);

/** A part of what a clause says, and when it says so. A clause is violated if any part in force does not hold. */
interface Part {
  inForce: I32;
  /** Parts with the same key are in force together. */
  key: string;
  holds: I32;
  /** Where that is an equation: not 0 if it does not hold. */
  difference?: I64;
}

/** Parts that are in force together. */
interface Group {
  applies: I32;
  differences: I64[];
  failures: I32[];
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? one.toString() : one));

export interface JudgeInput {
  judge: Judge;
  compiled: CompiledContract;
  rules: readonly PredictionRule[];
  lane: LaneLayout;
  /** 1 where the companion was run. */
  hasGuest: I32;
  hasHost: I32;
  /** 1 if companion H made the accesses of the base run. */
  sameAccesses: I32;
  /** 1 if companion G made those before the exit to the host, moved as the memories are. */
  sameAccessesToHost: I32;
}

/** Bits of the sound places. */
const SOUND = Object.values(PLACE)
  .filter(placeIsSound)
  .reduce<number>((bits, place) => bits | (1 << place), 0);
const ALL_BITS = (1n << 64n) - 1n;
/** The key of what is always in force. */
const ALWAYS = 'always';

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
    [this.base] = input.lane.observations;
  }

  /** @param suspect set to 1 if any clause is violated */
  judge(suspect: Local<I32>): Statement {
    const { judge, lane } = this.input;
    const kept = this.once('caller-kept', this.callerKept());
    const inForce = judge.properties.map((): Map<string, I32> => new Map());
    const groups = new Map<string, Group>();
    for (const { clause, property, propertyIndex } of judge.clauses) {
      for (const { inForce: guard, key: partKey, holds, difference } of this.parts(clause)) {
        const key = `${property.stub.underBreach ? 'always' : 'kept'} ${partKey}`;
        let group = groups.get(key);
        if (group === undefined) {
          const applies = this.once(`applies ${key}`, property.stub.underBreach ? guard : all(kept, guard));
          groups.set(key, (group = { applies, differences: [], failures: [] }));
        }
        inForce[propertyIndex].set(key, group.applies);
        if (difference === undefined) group.failures.push(not(holds));
        else group.differences.push(difference);
      }
    }
    // Equations of a group are looked at together: few instructions for each, which matters more than that none is skipped.
    const checks = [...groups.values()].map(({ applies, differences, failures }) => {
      const different = differences.length === 0 ? NO : not(i64.eqz(differences.reduce((a, b) => i64.or(a, b))));
      return suspect.set(i32.or(suspect.get, all(applies, any(different, ...failures))));
    });
    const count = inForce.map((guards, property) =>
      guards.size === 0
        ? seq()
        : i32.store(
            lane.inForce + 4 * property,
            0,
            i32.add(i32.load(lane.inForce + 4 * property), any(...guards.values())),
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
    return i32.load(this.input.lane.scenarios[0], 8 * slot);
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

  private parts(clause: Clause): Part[] {
    const alone = (inForce: I32, holds: I32, key = text(clause)): Part[] => [{ inForce, key, holds }];
    switch (clause.kind) {
      case 'equal':
        return this.equal(clause.left, clause.right, clause.mask ?? ALL_BITS);
      case 'zero':
        return this.equal(clause.term, { kind: 'constant', value: 0n }, ALL_BITS);
      case 'oneOf': {
        const values = clause.values.map((value) => combined(this.equal(clause.term, value, ALL_BITS)));
        const holds = any(...values.map(({ inForce, holds: equal }) => all(inForce, equal)));
        const open = any(...values.map(({ inForce }) => not(inForce)), values.length === 0 ? YES : NO);
        return alone(any(holds, not(open)), holds);
      }
      case 'within': {
        const low = combined(this.atMost(clause.low, clause.term));
        const high = combined(this.atMost(clause.term, clause.high));
        const violated = any(all(low.inForce, not(low.holds)), all(high.inForce, not(high.holds)));
        return alone(any(violated, all(low.inForce, high.inForce)), not(violated));
      }
      case 'endedAs':
        return alone(YES, this.ended(endMask(clause.ends)), ALWAYS);
      case 'endedAsOrBlockFault':
        return alone(
          YES,
          any(
            this.ended(endMask(clause.ends)),
            all(this.ended(1 << END.faulted), i32.eq(this.fact(FACT.faultOnBlock), YES)),
          ),
          ALWAYS,
        );
      case 'noWriteOutside':
        return alone(YES, not(this.fact(FACT.strayWrites)), ALWAYS);
      case 'noAccessBelowStackPointer':
        return alone(YES, not(this.fact(FACT.accessesBelowStack)), ALWAYS);
      case 'before':
        return alone(YES, i32.eq(this.fact(FACT.stiBeforeCall), YES), ALWAYS);
      case 'independent':
        return this.independent(clause.term, clause.of);
      case 'when': {
        const conditions = all(...clause.conditions.map((condition) => this.condition(condition)));
        const key = text(clause.conditions);
        return this.parts(clause.clause).map((part) => ({
          ...part,
          inForce: all(conditions, part.inForce),
          key: `${key} ${part.key}`,
        }));
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
      case 'td-answered':
      case 'outcome':
        throw new RangeError(`${condition.kind}: SEAMCALL is not for runs in bulk`);
      case 'null':
        throw new RangeError('null: contracts that say so are not for runs in bulk');
      case 'call-failed':
        return this.once('call-failed', all(this.called(), not(this.isZero(MOMENT.answer))));
      case 'must-stop':
      case 'parameter':
      case 'unpredicted':
        throw new RangeError(`${condition.kind}: its contracts are not for runs in bulk`);
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

  /** The values that a term may have, and when. */
  private values(term: Term): { when: I32; key: string; value: I64 }[] {
    if (term.kind === 'constant') return [{ when: YES, key: ALWAYS, value: i64.const(term.value) }];
    if (term.kind !== 'predicted')
      return [{ when: YES, key: ALWAYS, value: this.word(slotOf(term, this.input.compiled)) }];
    const slot = slotOf(term.term, this.input.compiled);
    return this.input.rules
      .filter((rule) => rule.slot === slot)
      .map(({ when: guards, value }) => ({ when: this.guards(guards), key: text(guards), value: this.origin(value) }));
  }

  private guards(guards: readonly Guard[]): I32 {
    return this.once(`guards ${text(guards)}`, all(...guards.map((guard) => this.guard(guard))));
  }

  private guard(guard: Guard): I32 {
    switch (guard.kind) {
      case 'ended':
        return this.ended(guard.as);
      case 'called':
        return this.called();
      case 'zero':
        return guard.is ? this.isZero(guard.slot) : not(this.isZero(guard.slot));
      case 'outcome':
        throw new RangeError('outcome: SEAMCALL is not for runs in bulk');
      case 'value':
      case 'argument':
        throw new RangeError(`${guard.kind}: its contracts are not for runs in bulk`);
      case 'flags': {
        const given = this.input.compiled.flagsParameter !== undefined;
        const set = given ? i32.eq(this.flags(guard.bits), i32.const(guard.bits)) : NO;
        return guard.set ? set : not(set);
      }
      case 'block-given':
        return this.sound();
      case 'null':
      case 'aliased':
        throw new RangeError(`${guard.kind}: contracts that say so are not for runs in bulk`);
      case 'not-all':
        return not(this.guards(guard.of));
    }
  }

  private origin(origin: Origin): I64 {
    if (origin.from === 'constant') return i64.const(joinHalves(origin.low, origin.high));
    if (origin.from === 'computed') throw new RangeError('computed inputs are not for runs in bulk');
    if (origin.from === 'scenario') return i64.load(this.input.lane.scenarios[0], 8 * origin.slot);
    const value = this.word(origin.slot);
    const sum = origin.plus === undefined ? value : i64.add(value, i64.const(BigInt(origin.plus)));
    return origin.or === undefined ? sum : i64.or(sum, i64.const(BigInt(origin.or >>> 0)));
  }

  /** At most one value of each side is in force at a time: one part for each pair. */
  private compare(left: Term, right: Term, say: (a: I64, b: I64) => Pick<Part, 'holds' | 'difference'>): Part[] {
    return this.values(left).flatMap((a) =>
      this.values(right).map((b) => ({
        inForce: all(a.when, b.when),
        key: `${a.key} ${b.key}`,
        ...say(a.value, b.value),
      })),
    );
  }

  private equal(left: Term, right: Term, mask: bigint): Part[] {
    return this.compare(left, right, (a, b) => {
      const difference = mask === ALL_BITS ? i64.xor(a, b) : i64.and(i64.xor(a, b), i64.const(mask));
      return { holds: i64.eqz(difference), difference };
    });
  }

  private atMost(left: Term, right: Term): Part[] {
    return this.compare(left, right, (a, b) => ({ holds: i64.geU(b, a) }));
  }

  private independent(term: Term, of: Influence): Part[] {
    if (term.kind !== 'register' && term.kind !== 'fact')
      throw new RangeError('independent() speaks of registers and facts');
    const slot = term.kind === 'register' ? registerSlot(term.moment, term.register) : FACT[term.fact];
    const { lane, hasGuest, hasHost, sameAccesses, sameAccessesToHost } = this.input;
    const inForce = of === 'guest-secrets' ? hasGuest : hasHost;
    const key = `independent of ${of}`;
    // The hash over addresses is not computed in lane: the accesses themselves are compared.
    if (slot === FACT.addresses) {
      if (of !== 'host-values') throw new RangeError('addresses differ between the memories of companion G');
      return [{ inForce, key, holds: sameAccesses }];
    }
    if (slot === FACT.addressesToHost) return [{ inForce, key, holds: sameAccessesToHost }];
    const other = lane.observations[of === 'guest-secrets' ? 1 : 2];
    const difference = i64.xor(this.word(slot), i64.load(other, 8 * slot));
    return [{ inForce, key, holds: i64.eqz(difference), difference }];
  }
}

/** Parts of which at most one is in force at a time, as one. */
function combined(parts: readonly Part[]): { inForce: I32; holds: I32 } {
  return {
    inForce: any(...parts.map(({ inForce }) => inForce)),
    holds: any(...parts.map(({ inForce, holds }) => all(inForce, holds))),
  };
}

import { describe, expect, it } from 'vitest';
import * as words from '../clause/clause.js';
import type { Clause, Condition } from '../clause/clause.js';
import { compileContract, type CompiledContract } from '../contract/compiled.js';
import { builtInContract } from '../contract/find-contract.js';
import {
  BLOCK,
  END,
  type EndName,
  FACT,
  type FactName,
  type Moment,
  type ObservedRegister,
  registerSlot,
  vectorSlot,
} from '../observation/layout.js';
import { PLACE, type PlaceName, scenarioSlot, writeSlot } from '../scenario/layout.js';
import { scenarioSpace } from '../scenario/space.js';
import { companionsOf, compileClause, VERDICT } from './compile-clause.js';
import { CaseContext } from './context.js';

const { set, contract } = builtInContract('linux-5.19/__tdx_hypercall');
const COMPILED = compileContract(contract, set.name);
const NULLABLE = compileContract(builtInContract('linux-6.4/__tdx_module_call').contract, 'linux-6.4');

/** A case made by hand. */
class Case {
  readonly context: CaseContext;

  constructor(readonly compiled: CompiledContract = COMPILED) {
    this.context = new CaseContext(compiled, scenarioSpace(compiled, new Int32Array(2), 1).neutral);
  }
  put(slot: number, value: bigint, where: Int32Array = this.context.base): this {
    writeSlot(where, slot, value);
    return this;
  }
  fact(name: FactName, value: bigint | number, where?: Int32Array): this {
    return this.put(FACT[name], BigInt(value), where);
  }
  end(name: EndName, where?: Int32Array): this {
    return this.fact('end', END[name], where);
  }
  register(moment: Moment, name: ObservedRegister, value: bigint, where?: Int32Array): this {
    return this.put(registerSlot(moment, name), value, where);
  }
  predict(slot: number, value: bigint): this {
    this.context.prediction.known[slot] = 1;
    return this.put(slot, value, this.context.prediction.values);
  }
  scenario(name: string, value: bigint | number): this {
    return this.put(scenarioSlot(name), BigInt(value), this.context.scenario);
  }
  place(name: PlaceName): this {
    return this.scenario('block.place', PLACE[name]);
  }
  /** TDG.VP.VMCALL with this mask, which the host answered. */
  answered(mask = 0xfc00n): this {
    return this.fact('calls', 1).fact('hostExits', 1).register('call', 'rcx', mask);
  }
  /** Companion G is there, and as the base run is so far. */
  guest(): this {
    this.context.hasGuestCompanion = true;
    this.context.guest.set(this.context.base);
    return this;
  }
  host(): this {
    this.context.hasHostCompanion = true;
    this.context.host.set(this.context.base);
    return this;
  }
  says(clause: Clause): string {
    const verdict = compileClause(clause, this.compiled)(this.context);
    return Object.entries(VERDICT).find(([, value]) => value === verdict)?.[0] ?? 'nothing';
  }
}

const HIGH = 0x1_00000000n;
const { atCall, constant, equal, fact, final, initial, independent, not, predicted, when, zero } = words;

describe('equal', () => {
  const same = equal(final('rbx'), initial('rbx'));

  it('compares all 64 bits', () => {
    const value = 0x80000000_00000001n;
    const kept = new Case().register('initial', 'rbx', value).register('final', 'rbx', value);
    expect(kept.says(same)).toBe('holds');
    expect(kept.register('final', 'rbx', value ^ 1n).says(same)).toBe('violated');
    expect(kept.register('final', 'rbx', value ^ HIGH).says(same)).toBe('violated');
    expect(kept.register('final', 'rbx', value ^ (1n << 63n)).says(same)).toBe('violated');
  });

  it('compares only the bits of a mask', () => {
    const masked = equal(final('rflags'), initial('rflags'), 0x80000000_00000400n);
    const kept = new Case().register('initial', 'rflags', 0x400n).register('final', 'rflags', 0x402n);
    expect(kept.says(masked)).toBe('holds');
    expect(kept.register('final', 'rflags', 0x2n).says(masked)).toBe('violated');
    expect(kept.register('final', 'rflags', 0x80000000_00000400n).says(masked)).toBe('violated');
  });

  it('reads fields, vector state, facts and constants', () => {
    const block = equal(words.field('final', 'r11'), words.field('initial', 'r11'));
    expect(
      new Case()
        .put(BLOCK.final + 1, 5n)
        .put(BLOCK.initial + 1, 5n)
        .says(block),
    ).toBe('holds');
    expect(
      new Case()
        .put(BLOCK.final + 1, 5n)
        .put(BLOCK.initial + 2, 5n)
        .says(block),
    ).toBe('violated');
    const xmm = equal(words.vector('final', 'xmm6.high'), words.vector('initial', 'xmm6.high'));
    expect(new Case().put(vectorSlot('final', 'xmm6.high'), 1n).says(xmm)).toBe('violated');
    expect(new Case().put(vectorSlot('final', 'xmm6.low'), 1n).says(xmm)).toBe('holds');
    const calls = equal(fact('calls'), constant(1n));
    expect(new Case().fact('calls', 1).says(calls)).toBe('holds');
    expect(new Case().fact('calls', 2).says(calls)).toBe('violated');
    expect(new Case().says(equal(atCall('rax'), constant(HIGH)))).toBe('violated');
  });

  it('with what the model leaves open is not in force', () => {
    const clause = equal(final('rax'), words.predictedRegister('final', 'rax'));
    const slot = registerSlot('final', 'rax');
    expect(new Case().register('final', 'rax', 7n).says(clause)).toBe('notInForce');
    expect(new Case().register('final', 'rax', 7n).predict(slot, 7n).says(clause)).toBe('holds');
    expect(
      new Case()
        .register('final', 'rax', 7n)
        .predict(slot, 7n + HIGH)
        .says(clause),
    ).toBe('violated');
    expect(new Case().predict(slot, 0n).says(equal(words.predictedRegister('final', 'rax'), final('rax')))).toBe(
      'holds',
    );
  });

  it('names fields of the contract alone', () => {
    expect(() => new Case().says(equal(words.field('final', 'rbx'), constant(0n)))).toThrow(RangeError);
    expect(() => new Case().says(equal(words.vector('final', 'ymm0'), constant(0n)))).toThrow(RangeError);
  });
});

describe('zero', () => {
  it('looks at both halves', () => {
    expect(new Case().says(zero(final('r8')))).toBe('holds');
    expect(new Case().register('final', 'r8', 1n).says(zero(final('r8')))).toBe('violated');
    expect(new Case().register('final', 'r8', HIGH).says(zero(final('r8')))).toBe('violated');
  });
});

describe('oneOf', () => {
  const open = words.predictedRegister('final', 'rdx');
  const clause = (...values: words.Term[]): Clause => ({ kind: 'oneOf', term: final('rdx'), values });

  it('holds if any value is met, is violated if none is', () => {
    const case_ = new Case().register('final', 'rdx', 3n);
    expect(case_.says(clause(constant(1n), constant(3n)))).toBe('holds');
    expect(case_.says(clause(constant(1n), constant(2n)))).toBe('violated');
    expect(case_.says(clause(constant(3n + HIGH)))).toBe('violated');
  });

  it('is not in force while a value is open and no other is met', () => {
    const case_ = new Case().register('final', 'rdx', 3n);
    expect(case_.says(clause(constant(1n), open))).toBe('notInForce');
    expect(case_.says(clause(open, constant(3n)))).toBe('holds');
    expect(case_.says(clause())).toBe('notInForce');
  });
});

describe('within', () => {
  const within = (low: words.Term, high: words.Term): Clause => ({ kind: 'within', term: final('rcx'), low, high });

  it.each([
    [5n, 5n, 7n, 'holds'],
    [7n, 5n, 7n, 'holds'],
    [4n, 5n, 7n, 'violated'],
    [8n, 5n, 7n, 'violated'],
    [HIGH, 5n, 7n, 'violated'],
    [HIGH + 4n, 5n, HIGH + 5n, 'holds'],
    // Unsigned in both halves.
    [0x80000000_00000000n, 1n, 0xffffffff_ffffffffn, 'holds'],
    [0x80000000n, 0x7fffffffn, 0xffffffffn, 'holds'],
    [1n, 0x80000000_00000000n, 0xffffffff_ffffffffn, 'violated'],
  ])('%i from %i to %i: %s', (value, low, high, verdict) => {
    expect(new Case().register('final', 'rcx', value).says(within(constant(low), constant(high)))).toBe(verdict);
  });

  it('with an open bound is not in force, unless the other is broken', () => {
    const open = words.predictedRegister('final', 'rcx');
    const case_ = new Case().register('final', 'rcx', 3n);
    expect(case_.says(within(open, constant(5n)))).toBe('notInForce');
    expect(case_.says(within(constant(1n), open))).toBe('notInForce');
    expect(case_.says(within(constant(4n), open))).toBe('violated');
    expect(case_.says(within(open, constant(2n)))).toBe('violated');
  });
});

describe('clauses over how a run ended', () => {
  it('endedAs takes the ends it names', () => {
    const clause = words.endedAs('trapped', 'stopped');
    const verdicts = (Object.keys(END) as EndName[]).map((end) => [end, new Case().end(end).says(clause)]);
    expect(Object.fromEntries(verdicts)).toEqual({
      returned: 'violated',
      trapped: 'holds',
      stopped: 'holds',
      faulted: 'violated',
      budget: 'violated',
      unknown: 'violated',
    });
  });

  it('endedAsOrBlockFault takes a fault on the block as well', () => {
    const clause: Clause = { kind: 'endedAsOrBlockFault', ends: ['returned'] };
    expect(new Case().end('returned').says(clause)).toBe('holds');
    expect(new Case().end('faulted').says(clause)).toBe('violated');
    expect(new Case().end('faulted').fact('faultOnBlock', 1).says(clause)).toBe('holds');
    expect(new Case().end('budget').fact('faultOnBlock', 1).says(clause)).toBe('violated');
  });
});

describe('clauses over memory and order', () => {
  it.each([
    [{ kind: 'noWriteOutside' }, 'strayWrites', 0, 1],
    [{ kind: 'noWriteOutside' }, 'strayWrites', 0, 100],
    [{ kind: 'noAccessBelowStackPointer' }, 'accessesBelowStack', 0, 3],
    [{ kind: 'before', first: 'sti', second: 'call' }, 'stiBeforeCall', 1, 0],
  ] as const)('%j looks at %s', (clause, name, good, bad) => {
    expect(new Case().fact(name, good).says(clause)).toBe('holds');
    expect(new Case().fact(name, bad).says(clause)).toBe('violated');
  });
});

describe('independent', () => {
  const guest = independent(atCall('r12'), 'guest-secrets');
  const host = independent(final('r12'), 'host-values');

  it('is not in force without the companion run', () => {
    expect(new Case().answered().host().says(guest)).toBe('notInForce');
    expect(new Case().answered().guest().says(host)).toBe('notInForce');
  });

  it('compares either half with the companion that it names', () => {
    for (const [clause, moment] of [
      [guest, 'call'],
      [host, 'final'],
    ] as const) {
      const other = (value: bigint): string => {
        const case_ = new Case().answered().register(moment, 'r12', 9n).guest().host();
        const companion = clause === guest ? case_.context.guest : case_.context.host;
        return case_.register(moment, 'r12', value, companion).says(clause);
      };
      expect([other(9n), other(8n), other(9n + HIGH)]).toEqual(['holds', 'violated', 'violated']);
    }
  });

  it('does not look at the other companion', () => {
    const case_ = new Case().register('call', 'r12', 9n).guest().host();
    expect(case_.register('call', 'r12', 1n, case_.context.host).says(guest)).toBe('holds');
  });

  it('speaks of facts too', () => {
    const case_ = new Case().fact('path', HIGH).host();
    const clause = independent(fact('path'), 'host-values');
    expect(case_.says(clause)).toBe('holds');
    expect(case_.fact('path', 2n * HIGH, case_.context.host).says(clause)).toBe('violated');
  });

  it('says nothing of final registers when the runs ended differently', () => {
    const case_ = new Case().end('returned').host();
    case_.end('trapped', case_.context.host).register('final', 'r12', 1n, case_.context.host);
    expect(case_.says(host)).toBe('notInForce');
    expect(case_.says(independent(fact('end'), 'host-values'))).toBe('violated');
  });

  it('speaks of nothing but registers and facts', () => {
    for (const term of [constant(1n), predicted({ kind: 'register', moment: 'final', register: 'rax' })])
      expect(() => new Case().says(independent(term, 'host-values'))).toThrow(RangeError);
  });

  it('says which companions it needs, also inside a condition', () => {
    expect(companionsOf(guest)).toEqual({ guest: true, host: false });
    expect(companionsOf(when({ kind: 'called' }, when({ kind: 'called' }, host)))).toEqual({
      guest: false,
      host: true,
    });
    expect(companionsOf(zero(final('rax')))).toEqual({ guest: false, host: false });
  });
});

describe('when', () => {
  const broken = equal(constant(0n), constant(1n));
  const given = (condition: Condition | Condition[], case_: Case): boolean => {
    const verdict = case_.says(when(condition, broken));
    expect(['violated', 'notInForce']).toContain(verdict);
    return verdict === 'violated';
  };

  it('passes on what its clause says, if all conditions hold', () => {
    const conditions: Condition[] = [{ kind: 'called' }, { kind: 'ended', as: ['returned'] }];
    const clause = when(conditions, zero(final('rax')));
    const both = (): Case => new Case().fact('calls', 1).end('returned');
    expect(both().says(clause)).toBe('holds');
    expect(both().register('final', 'rax', 1n).says(clause)).toBe('violated');
    expect(both().end('trapped').register('final', 'rax', 1n).says(clause)).toBe('notInForce');
    expect(both().fact('calls', 0).register('final', 'rax', 1n).says(clause)).toBe('notInForce');
    expect(both().says(when(conditions, equal(final('rax'), words.predictedRegister('final', 'rax'))))).toBe(
      'notInForce',
    );
    expect(new Case().says(when([], broken))).toBe('violated');
  });

  it('ended', () => {
    const ended: Condition = { kind: 'ended', as: ['returned', 'budget'] };
    expect(given(ended, new Case().end('returned'))).toBe(true);
    expect(given(ended, new Case().end('budget'))).toBe(true);
    expect(given(ended, new Case().end('trapped'))).toBe(false);
  });

  it('called, host-answered', () => {
    expect(given({ kind: 'called' }, new Case())).toBe(false);
    expect(given({ kind: 'called' }, new Case().fact('calls', 2))).toBe(true);
    expect(given({ kind: 'host-answered' }, new Case().fact('calls', 1))).toBe(false);
    expect(given({ kind: 'host-answered' }, new Case().answered())).toBe(true);
  });

  it('td-answered', () => {
    expect(given({ kind: 'td-answered' }, new Case().fact('calls', 1))).toBe(false);
    expect(given({ kind: 'td-answered' }, new Case().fact('calls', 1).fact('tdExits', 1))).toBe(true);
  });

  it('outcome: one of those named, of a call that was made', () => {
    const raised: Condition = { kind: 'outcome', is: ['generalProtection', 'invalidOpcode'] };
    const ended = [0, 1, 2, 3].map((outcome) => new Case().fact('calls', 1).fact('outcome', outcome));
    expect(ended.map((run) => given(raised, run))).toEqual([false, false, true, true]);
    expect(ended.map((run) => given({ kind: 'outcome', is: ['completed'] }, run))).toEqual([true, false, false, false]);
    expect(given({ kind: 'outcome', is: ['completed'] }, new Case())).toBe(false);
  });

  it('call-failed: either half of RAX behind a call', () => {
    const failed: Condition = { kind: 'call-failed' };
    expect(given(failed, new Case().fact('calls', 1))).toBe(false);
    expect(given(failed, new Case().fact('calls', 1).register('answer', 'rax', 1n))).toBe(true);
    expect(given(failed, new Case().fact('calls', 1).register('answer', 'rax', HIGH))).toBe(true);
    expect(given(failed, new Case().register('answer', 'rax', 1n))).toBe(false);
  });

  it('flag, set and clear', () => {
    const flag = (set_: boolean): Condition => ({ kind: 'flag', flag: 'ISSUE_STI', set: set_ });
    expect([given(flag(true), new Case()), given(flag(false), new Case())]).toEqual([false, true]);
    const sti = (): Case => new Case().scenario('entry.rsi', 2);
    expect([given(flag(true), sti()), given(flag(false), sti())]).toEqual([true, false]);
    expect(given(flag(true), new Case().scenario('entry.rsi', 1))).toBe(false);
    expect(() => new Case().says(when({ kind: 'flag', flag: 'NO', set: true }, broken))).toThrow(RangeError);
  });

  it('exposed: by the mask of a call that the host answered', () => {
    const exposed: Condition = { kind: 'exposed', register: 'r10' };
    expect(given(exposed, new Case().answered(0x400n))).toBe(true);
    expect(given(exposed, new Case().answered(0xf800n))).toBe(false);
    expect(given(exposed, new Case().fact('calls', 1).register('call', 'rcx', 0x400n))).toBe(false);
    expect(() => new Case().says(when({ kind: 'exposed', register: 'rflags' }, broken))).toThrow(RangeError);
  });

  it('caller-kept, block-overlaps-stack', () => {
    const kept = (place: PlaceName, compiled = COMPILED): boolean =>
      given({ kind: 'caller-kept' }, new Case(compiled).place(place));
    expect((Object.keys(PLACE) as PlaceName[]).filter((place) => kept(place))).toEqual([
      'valid',
      'callerFrame',
      'lowHalfZero',
    ]);
    expect([kept('null'), kept('null', NULLABLE), kept('unmapped', NULLABLE)]).toEqual([false, true, false]);
    const overlaps = (Object.keys(PLACE) as PlaceName[]).filter((place) =>
      given({ kind: 'block-overlaps-stack' }, new Case().place(place)),
    );
    expect(overlaps).toEqual(['overlapsStack']);
  });

  it('not', () => {
    expect(given(not({ kind: 'called' }), new Case())).toBe(true);
    expect(given(not(not({ kind: 'called' })), new Case())).toBe(false);
  });
});

describe('a context', () => {
  it('has no mask where no host was reached, and only general registers in it', () => {
    expect(new Case().register('call', 'rcx', 0xfc00n).context.exposedMask).toBe(0);
    expect(new Case().answered(0xffff_fc00n).context.exposedMask).toBe(0xfc00);
  });

  it('is unknown when the base or a companion run is', () => {
    expect(new Case().end('returned').guest().host().context.unknown).toBe(false);
    expect(new Case().end('unknown').context.unknown).toBe(true);
    const guest = new Case().guest();
    expect(guest.end('unknown', guest.context.guest).context.unknown).toBe(true);
    const absent = new Case();
    expect(absent.end('unknown', absent.context.host).context.unknown).toBe(false);
  });
});

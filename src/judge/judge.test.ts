import { describe, expect, it } from 'vitest';
import {
  type Clause,
  constant,
  equal,
  fact,
  final,
  independent,
  predictedRegister,
  when,
  zero,
} from '../clause/clause.js';
import type { DecodeSummary, StubProperty, StubRule } from '../clause/property.js';
import { compileContract } from '../contract/compiled.js';
import { builtInContract } from '../contract/find-contract.js';
import { END, FACT, registerSlot } from '../observation/layout.js';
import { PLACE, scenarioSlot, writeSlot } from '../scenario/layout.js';
import { scenarioSpace } from '../scenario/space.js';
import { CaseContext } from './context.js';
import { Judge } from './judge.js';

const { set, contract } = builtInContract('linux-6.4/__tdx_hypercall');
const COMPILED = compileContract(contract, set.name);
const TOUCHES_ALL: DecodeSummary = { vector: true, systemFlags: true };

const HOLDS = equal(constant(1n), constant(1n));
const BROKEN = zero(fact('calls'));
const OPEN = equal(final('rax'), predictedRegister('final', 'rax'));

function property(name: string, clauses: Clause[], more: Partial<StubRule> = {}): StubProperty {
  return {
    name,
    group: 'guest stubs',
    rule: '',
    source: '',
    stub: { appliesTo: () => true, clauses: () => clauses, underBreach: false, ...more },
    example: '',
    fix: '',
  };
}

/** A case with one call that returned. */
function context(place: number = PLACE.valid): CaseContext {
  const made = new CaseContext(COMPILED, scenarioSpace(COMPILED, new Int32Array(2), 1).neutral.slice());
  writeSlot(made.base, FACT.calls, 1n);
  writeSlot(made.base, FACT.end, BigInt(END.returned));
  writeSlot(made.scenario, scenarioSlot('block.place'), BigInt(place));
  return made;
}

/** Names of the properties with violated clauses, once a clause, and those in force. */
function verdicts(judge: Judge, made: CaseContext): { violated: string[]; inForce: string[] } {
  const count = judge.judge(made);
  return {
    violated: Array.from(judge.violated.subarray(0, count), (index) => judge.clauses[index].property.name),
    inForce: judge.properties.filter((_, index) => judge.inForce[index] === 1).map(({ property: { name } }) => name),
  };
}

describe('before any case', () => {
  it('a property applies, holds by decode, or is not applicable with its reason', () => {
    const judge = new Judge(
      [
        property('applies', [HOLDS, BROKEN]),
        property('not', [BROKEN], { appliesTo: ({ contract: { symbol } }) => `not to ${symbol}` }),
        property('decoded', [BROKEN], { holdsByDecode: ({ vector }) => !vector }),
        property('touched', [HOLDS], { holdsByDecode: ({ systemFlags }) => !systemFlags }),
      ],
      COMPILED,
      { vector: false, systemFlags: true },
    );
    expect(judge.properties.map(({ property: { name }, status, reason }) => [name, status, reason])).toEqual([
      ['applies', 'judged', undefined],
      ['not', 'not applicable', 'not to __tdx_hypercall'],
      ['decoded', 'holds by decode', undefined],
      ['touched', 'judged', undefined],
    ]);
    expect(judge.clauses.map((clause) => [clause.property.name, clause.propertyIndex])).toEqual([
      ['applies', 0],
      ['applies', 0],
      ['touched', 3],
    ]);
    expect(judge.clauses[1]).toMatchObject({ text: 'zero(calls)', slot: 'calls' });
  });

  it('says which companion runs its clauses need', () => {
    const needs = (...clauses: Clause[]): boolean[] => {
      const { needsGuest, needsHost } = new Judge([property('p', clauses)], COMPILED, TOUCHES_ALL);
      return [needsGuest, needsHost];
    };
    expect(needs(HOLDS)).toEqual([false, false]);
    expect(needs(HOLDS, when({ kind: 'called' }, independent(fact('path'), 'guest-secrets')))).toEqual([true, false]);
    expect(needs(independent(final('r12'), 'host-values'))).toEqual([false, true]);
  });
});

describe('a case', () => {
  it('violates the clauses that are broken, and puts in force those that say anything', () => {
    const judge = new Judge(
      [property('good', [HOLDS]), property('open', [OPEN]), property('bad', [HOLDS, BROKEN, OPEN, BROKEN])],
      COMPILED,
      TOUCHES_ALL,
    );
    expect(verdicts(judge, context())).toEqual({ violated: ['bad', 'bad'], inForce: ['good', 'bad'] });
    expect([...judge.violated.subarray(0, 2)]).toEqual([3, 5]);
  });

  it('is judged anew: nothing is left of the one before', () => {
    const judge = new Judge(
      [property('p', [when({ kind: 'ended', as: ['returned'] }, BROKEN)])],
      COMPILED,
      TOUCHES_ALL,
    );
    expect(verdicts(judge, context())).toEqual({ violated: ['p'], inForce: ['p'] });
    const trapped = context();
    writeSlot(trapped.base, FACT.end, BigInt(END.trapped));
    expect(verdicts(judge, trapped)).toEqual({ violated: [], inForce: [] });
  });

  it('under a caller’s breach is judged by nothing but the properties that say so', () => {
    const judge = new Judge(
      [property('strict', [BROKEN]), property('always', [BROKEN, HOLDS], { underBreach: true })],
      COMPILED,
      TOUCHES_ALL,
    );
    expect(verdicts(judge, context()).violated).toEqual(['strict', 'always']);
    for (const place of [PLACE.null, PLACE.unmapped, PLACE.partlyMapped, PLACE.readOnly, PLACE.overlapsStack])
      expect(verdicts(judge, context(place))).toEqual({ violated: ['always'], inForce: ['always'] });
    for (const place of [PLACE.callerFrame, PLACE.lowHalfZero])
      expect(verdicts(judge, context(place)).violated).toEqual(['strict', 'always']);
  });

  it('that the model knows the result of is judged by it', () => {
    const judge = new Judge([property('open', [OPEN])], COMPILED, TOUCHES_ALL);
    const made = context();
    made.prediction.known[registerSlot('final', 'rax')] = 1;
    expect(verdicts(judge, made)).toEqual({ violated: [], inForce: ['open'] });
    writeSlot(made.base, registerSlot('final', 'rax'), 4n);
    expect(verdicts(judge, made)).toEqual({ violated: ['open'], inForce: ['open'] });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CALL, caseOf, caseSpaceOf } from '../scenario/case-space.js';
import { SLOT_NAMES, scenarioSlot, writeSlot } from '../scenario/layout.js';
import { spaceOf } from '../scenario/spaces.test.helper.js';
import { caseSpaceOf as storyCaseSpaceOf } from '../story/case-space.js';
import { anyValue } from '../story/draws.js';
import { cases, drawCases } from './arbitrary.js';
import { actionOf, type Case, differing, slotOf, stepOf } from './case.js';
import { simplerCases } from './shrink.js';

describe('of a single function', () => {
  const scenarios = spaceOf('linux-5.19/__tdx_hypercall');
  const space = caseSpaceOf(scenarios);
  const arbitrary = cases(space);
  const R12 = scenarioSlot('answer.r12');
  const STATUS = scenarioSlot('answer.status');

  /** More evaluations than any shrinking here needs: behind them nothing fails, so that none goes on for ever. */
  const MOST_RUNS = 5000;

  /** Holds but for a status with bit 3 set, together with an R12 that is not 0; counts how many cases it looked at. */
  function planted(looked = { cases: 0 }): fc.IProperty<[Case]> {
    return fc.property(
      arbitrary,
      ([step]) => ++looked.cases > MOST_RUNS || (slotOf(step, STATUS) & 8n) === 0n || slotOf(step, R12) === 0n,
    );
  }

  it('gives the same values for the same seed, others for another', () => {
    const sample = (seed: number): Case[] => fc.sample(arbitrary, { seed, numRuns: 50 });
    expect(sample(3)).toEqual(sample(3));
    expect(sample(3)).not.toEqual(sample(4));
    expect(new Set(sample(3).map(([{ words }]) => String(words))).size).toBe(50);
    for (const drawn of sample(3)) expect(drawn.map(({ action }) => action)).toEqual([CALL]);
  });

  it('takes any case of the space as a start for shrinking, and nothing else', () => {
    const { neutral } = scenarios;
    expect(arbitrary.canShrinkWithoutContext(caseOf(neutral))).toBe(true);
    for (const words of [undefined, [], new Int32Array(3), [...neutral], new Float64Array(neutral.length)])
      expect(arbitrary.canShrinkWithoutContext([{ action: CALL, words }])).toBe(false);
    for (const other of [undefined, null, 3, [], [null], [3], neutral, { ...caseOf(neutral) }])
      expect(arbitrary.canShrinkWithoutContext(other)).toBe(false);
    expect(arbitrary.canShrinkWithoutContext([{ action: 'dance', words: neutral }])).toBe(false);
  });

  it('shrinks to what simplerCases says, in its order, again from each', () => {
    const [drawn] = fc.sample(arbitrary, { seed: 1, numRuns: 1 });
    const values = [...arbitrary.shrink(drawn, undefined)].map(({ value }) => value);
    expect(values).toEqual([...simplerCases(drawn, space)]);
    expect(values.length).toBeGreaterThan(100);
    expect(values.every((value) => arbitrary.canShrinkWithoutContext(value))).toBe(true);
  });

  it('shrinks a planted failure to its two values, in a bounded number of steps', () => {
    const details = fc.check(planted(), { seed: 1, numRuns: 1000 });
    expect(details.failed).toBe(true);
    const least = details.counterexample?.[0] ?? caseOf(scenarios.neutral);
    expect(differing(space, least).map(({ slot }) => SLOT_NAMES[slot])).toEqual(['answer.status', 'answer.r12']);
    expect(slotOf(least[0], STATUS)).toBe(8n);
    expect(details.numShrinks).toBeLessThan(150);
  });

  it('is replayed by seed and path to the same value, without shrinking again, running nothing on the way', () => {
    const found = fc.check(planted(), { seed: 9, numRuns: 1000 });
    const path = found.counterexamplePath ?? '';
    expect(path).not.toBe('');
    const looked = { cases: 0 };
    const again = fc.check(planted(looked), { seed: 9, path, endOnFailure: true });
    expect(again.failed).toBe(true);
    expect(again.counterexample).toEqual(found.counterexample);
    expect(again.numShrinks).toBe(0);
    expect(looked.cases).toBe(1);
  });

  it('shrinks a stored case that no stream gave', () => {
    const stored = scenarios.neutral.slice();
    stored.fill(-1);
    const details = fc.check(planted(), { examples: [[caseOf(stored)]], numRuns: 1, seed: 0 });
    const [{ words: least }] = details.counterexample?.[0] ?? caseOf(stored);
    // Nothing is known of a value that nobody interprets: it stays as it was stored.
    const expected = scenarios.neutral.slice();
    writeSlot(expected, STATUS, 8n);
    writeSlot(expected, R12, 0xffffffff_ffffffffn);
    expect(least).toEqual(expected);
  });

  it('is what four words say, each case in a place of its own, and fewer are the beginning', () => {
    const all = drawCases(space, [1, 2, 3, 4], 50);
    expect(drawCases(space, [1, 2, 3, 4], 50)).toEqual(all);
    expect(drawCases(space, [1, 2, 3, 4], 7)).toEqual(all.slice(0, 7));
    expect(new Set(all.map(([{ words }]) => String(words))).size).toBe(50);
  });
});

describe('of a program', () => {
  const value = { neutral: 5n, meaning: 'a value', draw: anyValue };
  const SPACE = storyCaseSpaceOf({
    actions: [
      { name: 'write', sentence: 'writes {a}', slots: { a: value, b: { ...value, neutral: 0n } }, weight: 3 },
      { name: 'wait', sentence: 'waits', slots: {} },
    ],
    steps: { least: 1, most: 8 },
  });
  const arbitrary = cases(SPACE);
  const WRITE = actionOf(SPACE, 'write');
  const write = (a: bigint, b = 0n): Case[number] => stepOf(WRITE, { a, b });
  const WAIT = stepOf(actionOf(SPACE, 'wait'));
  const a = (step: Case[number] | undefined): bigint => (step?.action === 'write' ? slotOf(step, 0) : 0n);

  const shrunk = (start: Case, fails: (given: Case) => boolean): Case => {
    const details = fc.check(
      fc.property(arbitrary, (given) => !fails(given)),
      { examples: [[start]], numRuns: 1, seed: 0 },
    );
    return details.counterexample?.[0] ?? [];
  };

  it('has as many steps as its space allows, of every action', () => {
    const drawn = fc.sample(arbitrary, { seed: 1, numRuns: 300 });
    expect(new Set(drawn.map(({ length }) => length))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8]));
    const actions = drawn.flat().map(({ action }) => action);
    const waits = actions.filter((action) => action === 'wait').length / actions.length;
    expect(waits).toBeGreaterThan(0.15);
    expect(waits).toBeLessThan(0.35);
  });

  it('gives the same values for the same seed, others for another', () => {
    const sample = (seed: number): Case[] => fc.sample(arbitrary, { seed, numRuns: 20 });
    expect(sample(3)).toEqual(sample(3));
    expect(sample(3)).not.toEqual(sample(4));
  });

  it('takes its own cases as a start for shrinking, and nothing else', () => {
    for (const own of [[WAIT], [write(1n), WAIT]]) expect(arbitrary.canShrinkWithoutContext(own)).toBe(true);
    for (const other of [
      undefined,
      [],
      [WAIT, { ...WAIT, action: 'write' }],
      [WAIT, { action: 'dance', words: WAIT.words }],
    ])
      expect(arbitrary.canShrinkWithoutContext(other)).toBe(false);
  });

  it('leaves the one step and the one value that matter', () => {
    const start = [WAIT, write(7n, 9n), write(0x1234n, 77n), WAIT, write(1n, 1n)];
    expect(shrunk(start, (given) => given.some((step) => a(step) === 0x1234n))).toEqual([write(0x1234n)]);
  });

  it('leaves the bits that matter', () => {
    const found = shrunk([write(0xffff_0000_ffffn)], ([step]) => (a(step) & 0x1_0000_0010n) === 0x1_0000_0010n);
    expect(found).toEqual([write(0x1_0000_0010n)]);
  });

  it('keeps two steps that need each other, in their order', () => {
    const start = [write(1n), WAIT, write(2n), WAIT, write(3n)];
    const found = shrunk(start, (given) => {
      const at = (wanted: bigint): number => given.findIndex((step) => a(step) === wanted);
      return at(1n) >= 0 && at(3n) > at(1n);
    });
    expect(found).toEqual([write(1n), write(3n)]);
  });

  it('offers nothing but simpler cases', () => {
    const weight = (given: Case): number[] => {
      const values = differing(SPACE, given).map(({ step, slot }) => slotOf(given[step], slot));
      const bits = values.reduce((sum, one) => sum + one.toString(2).replaceAll('0', '').length, 0);
      return [given.length, values.length, bits];
    };
    const isSimpler = (one: number[], other: number[]): boolean => {
      const first = one.findIndex((part, index) => part !== other[index]);
      return first >= 0 && one[first] < other[first];
    };
    const weighed = fc.sample(arbitrary, { seed: 3, numRuns: 40 }).flatMap((given) => {
      const before = weight(given);
      return Array.from(simplerCases(given, SPACE), (candidate) => [weight(candidate), before] as const);
    });
    expect(weighed.length).toBeGreaterThan(1000);
    // A cleared value may become the neutral one's neighbour: fewer bits, though no longer neutral.
    expect(weighed.filter(([candidate, before]) => !isSimpler(candidate, before))).toEqual([]);
  });

  it('of a neutral case of one step offers nothing', () => {
    expect([...arbitrary.shrink([write(5n)], undefined)]).toEqual([]);
  });
});

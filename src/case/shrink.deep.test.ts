import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { readHalves } from '../halves.js';
import { builtInPrograms } from '../campaign/targets/built-in-targets.js';
import { createPlayRunner } from '../run/open-runner.js';
import { CALL, caseOf, caseSpaceOf } from '../scenario/case-space.js';
import { readSlot, type Scenario, SLOT_NAMES, scenarioSlot, writeSlot } from '../scenario/layout.js';
import { ROLE } from '../scenario/roles.js';
import type { ScenarioSpace } from '../scenario/space.js';
import { CONTRACT_IDS, spaceOf } from '../scenario/spaces.test.helper.js';
import { caseSpaceOf as storyCaseSpaceOf } from '../story/case-space.js';
import { cases } from './arbitrary.js';
import {
  type Action,
  actionOf,
  type Case,
  type CaseSpace,
  copyCase,
  differing,
  type Position,
  slotOf,
  stepOf,
} from './case.js';
import { simplerCases } from './shrink.js';

const SCENARIOS = CONTRACT_IDS.map((id) => spaceOf(id));
const STUBS = SCENARIOS.map((space) => caseSpaceOf(space));
/** One of every program that there is. */
const PROGRAMS = [...new Map(builtInPrograms().map((target) => [target.program.program, target])).values()].map(
  (target) => storyCaseSpaceOf(createPlayRunner(target).space),
);

/** A space and a case drawn in it. */
const drawnIn = (spaces: readonly CaseSpace[]): fc.Arbitrary<[CaseSpace, Case]> =>
  fc.constantFrom(...spaces).chain((space) => fc.tuple(fc.constant(space), cases(space)));
const drawn = fc.oneof(drawnIn(STUBS), drawnIn(PROGRAMS));

function bitsSet(half: number): number {
  let count = 0;
  for (let left = half; left !== 0; left &= left - 1) count++;
  return count;
}

/** What "simpler" is measured by: steps, values that are not neutral, bits set in values that code interprets. */
function measure(given: Case, space: CaseSpace): readonly [steps: number, values: number, bits: number] {
  let [values, bits] = [0, 0];
  for (const { action, words } of given) {
    const own = actionOf(space, action);
    const { words: neutral } = stepOf(own);
    for (const [slot, { isInterpreted }] of own.slots.entries()) {
      const [low, high] = [words[2 * slot], words[2 * slot + 1]];
      if (low !== neutral[2 * slot] || high !== neutral[2 * slot + 1]) values++;
      if (isInterpreted) bits += bitsSet(low) + bitsSet(high);
    }
  }
  return [given.length, values, bits];
}

function isLess(one: readonly number[], other: readonly number[]): boolean {
  const first = one.findIndex((part, index) => part !== other[index]);
  return first >= 0 && one[first] < other[first];
}

const textOf = (given: Case): string => given.map(({ action, words }) => `${action} ${words.join(' ')}`).join('\n');
const keyOf = ({ step, slot }: Position): string => `${step}.${slot}`;

/** Values in which two cases of the same steps differ. */
function changedValues(given: Case, other: Case): Position[] {
  return given.flatMap(({ words }, step) =>
    Array.from({ length: words.length / 2 }, (_, slot) => ({ step, slot })).filter(
      ({ slot }) =>
        words[2 * slot] !== other[step].words[2 * slot] || words[2 * slot + 1] !== other[step].words[2 * slot + 1],
    ),
  );
}

describe('every candidate', () => {
  test.prop([drawn], { numRuns: 120 })('is strictly simpler than the case, and still one', ([space, given]) => {
    const before = measure(given, space);
    const notSimpler = [...simplerCases(given, space)].filter(
      (candidate) => !isLess(measure(candidate, space), before),
    );
    expect(notSimpler).toEqual([]);
    const arbitrary = cases(space);
    const none = [...simplerCases(given, space)].filter((candidate) => !arbitrary.canShrinkWithoutContext(candidate));
    expect(none).toEqual([]);
  });

  test.prop([drawn], { numRuns: 120 })('takes steps out, or changes values that were not neutral', ([space, given]) => {
    const different = new Set(differing(space, given).map(keyOf));
    // Two alike steps may go one for the other: what is the same case is then tried twice.
    const all = [...simplerCases(given, space)];
    const candidates = all.filter(({ length }) => length === given.length);
    expect(new Set(candidates.map(textOf)).size, 'each once').toBe(candidates.length);
    const touched = candidates.flatMap((candidate) => changedValues(given, candidate)).map(keyOf);
    expect(touched.length > 0).toBe(different.size > 0);
    expect(touched.filter((key) => !different.has(key))).toEqual([]);
    // In a case of a single function something differs in any case.
    if (space.actions[0].name === CALL && space.steps.most === 1) expect(touched.length).toBeGreaterThan(0);
    for (const candidate of all.filter(({ length }) => length < given.length)) {
      let at = 0;
      for (const step of candidate) {
        at = given.indexOf(step, at) + 1;
        expect(at, 'a step of the case, in its order').toBeGreaterThan(0);
      }
    }
  });

  test.prop([drawnIn(STUBS)], { numRuns: 50 })('is a copy: the case stays as it is', ([space, given]) => {
    const before = textOf(given);
    const neutral = textOf([stepOf(space.actions[0])]);
    for (const candidate of simplerCases(given, space)) for (const { words } of candidate) words.fill(-1);
    expect(textOf(given)).toBe(before);
    expect(textOf([stepOf(space.actions[0])])).toBe(neutral);
  });

  test.prop([drawn], { numRuns: 50 })('comes again in the same order, and changes nothing', ([space, given]) => {
    const before = copyCase(given);
    const again = simplerCases(given, space);
    for (const candidate of simplerCases(given, space)) {
      const { value } = again.next();
      if (value === undefined || textOf(candidate) !== textOf(value)) expect.fail('another order');
    }
    expect(again.next().done).toBe(true);
    expect(given).toEqual(before);
  });

  test.prop([drawnIn(STUBS)], { numRuns: 50 })(
    'is one that the code answers for, if the case was',
    ([space, given]) => {
      const [step] = given;
      const unfair = [...simplerCases(given, space)].filter(
        ([simpler]) => space.isFair(step) && !space.isFair(simpler),
      );
      expect(unfair).toEqual([]);
    },
  );
});

describe('of a single function', () => {
  it('starts with the neutral case, and ends there', () => {
    for (const [index, { neutral }] of SCENARIOS.entries()) {
      const space = STUBS[index];
      expect([...simplerCases(caseOf(neutral), space)]).toEqual([]);
      const scenario = neutral.slice();
      writeSlot(scenario, scenarioSlot('answer.r10'), 5n);
      const [first, ...rest] = simplerCases(caseOf(scenario), space);
      expect(first).toEqual(caseOf(neutral));
      expect(rest).toEqual([]);
    }
  });

  it('tries all at once, then groups, then slots one by one, then two, then bits from wide to narrow', () => {
    const scenarios = spaceOf('linux-5.19/__tdx_hypercall');
    const space = caseSpaceOf(scenarios);
    const scenario = scenarios.neutral.slice();
    const values = {
      'entry.rsi': 3n,
      'entry.rbx': 9n,
      'entry.rcx': 9n,
      'answer.r8': 1n,
      'answer.r9': 1n,
      'fault.kind': 1n,
    };
    for (const [name, value] of Object.entries(values)) writeSlot(scenario, scenarioSlot(name), value);
    const left = Array.from(simplerCases(caseOf(scenario), space), (candidate) =>
      differing(space, candidate)
        .map(({ slot }) => `${SLOT_NAMES[slot].replace(/^.*\./, '')}=${slotOf(candidate[0], slot)}`)
        .join(' '),
    );
    const all = ['rcx=9', 'rbx=9', 'rsi=3', 'r8=1', 'r9=1', 'kind=1'];
    const without = (...gone: string[]): string => all.filter((one) => !gone.includes(one)).join(' ');
    const pairs = all.flatMap((one, index) => all.slice(index + 1).map((other) => [one, other]));
    // Both of these pairs are a whole group: they were tried.
    const groups = [without('r8=1', 'r9=1'), without('rcx=9', 'rbx=9')];
    expect(left).toEqual([
      '',
      ...groups,
      ...all.map((one) => without(one)),
      ...pairs.map((pair) => without(...pair)).filter((text) => !groups.includes(text)),
      // RSI holds the flags. Without both of them it is neutral, and so is the fault: that was tried.
      'rcx=9 rbx=9 rsi=1 r8=1 r9=1 kind=1',
      'rcx=9 rbx=9 rsi=2 r8=1 r9=1 kind=1',
    ]);
    expect(left).toHaveLength(1 + 2 + 6 + 13 + 2);
  });

  it('which values differ is seen in either half', () => {
    const [{ neutral }] = SCENARIOS;
    const scenario = neutral.slice();
    const [low, high] = [scenarioSlot('entry.rdi'), scenarioSlot('fault.value')];
    scenario[2 * low] ^= 1;
    scenario[2 * high + 1] ^= 1;
    expect(differing(STUBS[0], caseOf(scenario))).toEqual([
      { step: 0, slot: low },
      { step: 0, slot: high },
    ]);
  });
});

/** Each slot can be made neutral once and each bit of two slots cleared once; all candidates are tried before each step. */
const MOST_TRIES = 3000;

/** Shrinks as fast-check does, to the first candidate that still fails, until none does. */
function shrinkFully(
  given: Case,
  space: CaseSpace,
  fails: (candidate: Case) => boolean,
): { least: Case; tried: number } {
  let least = given;
  let tried = 0;
  for (let found = true; found;) {
    found = false;
    for (const candidate of simplerCases(least, space)) {
      if (++tried > MOST_TRIES) throw new Error(`no end after ${MOST_TRIES} candidates`);
      if (!fails(candidate)) continue;
      least = candidate;
      found = true;
      break;
    }
  }
  return { least, tried };
}

/** Slots that hold arguments or the status. */
function argumentSlots(space: ScenarioSpace): number[] {
  return SLOT_NAMES.flatMap((name, slot) =>
    space.roles[slot] === ROLE.argument || name === 'answer.status' ? [slot] : [],
  );
}

describe('a planted failure of a single function is shrunk to its least', () => {
  const scenarioIn = fc.constantFrom(...SCENARIOS).chain((space) =>
    fc.tuple(
      fc.constant(space),
      cases(caseSpaceOf(space)).map(([{ words }]): Scenario => words),
    ),
  );
  const planted = scenarioIn.chain(([space, scenario]) =>
    fc.record({
      space: fc.constant(space),
      scenario: fc.constant(scenario),
      slot: fc.constantFrom(...argumentSlots(space)),
      bit: fc.bigInt({ min: 0n, max: 63n }).map((at) => 1n << at),
      other: fc.integer({ min: 0, max: SLOT_NAMES.length - 1 }),
    }),
  );
  const slotsLeft = (space: CaseSpace, least: Case): number[] => differing(space, least).map(({ slot }) => slot);

  test.prop([planted], { numRuns: 100 })('one bit of one slot', ({ space: scenarios, scenario, slot, bit }) => {
    // A leaf number goes only to those that the function may be called with: the tests below say which. Whether another
    // value may be there can depend on the leaf, so that the two do not go apart.
    fc.pre((readSlot(scenarios.neutral, slot) & bit) === 0n && slot !== scenarios.leafSlot);
    const space = caseSpaceOf(scenarios);
    writeSlot(scenario, slot, readSlot(scenario, slot) | bit);
    fc.pre(canBeAlone(scenarios, slot, bit) || !space.isFair(caseOf(scenario)[0]));
    const { least } = shrinkFully(caseOf(scenario), space, ([step]) => (slotOf(step, slot) & bit) !== 0n);
    expect(slotsLeft(space, least)).toEqual([slot]);
    expect(slotOf(least[0], slot)).toBe(bit);
  });

  test.prop([planted], { numRuns: 100 })('two slots at once', (given) => {
    const { space: scenarios, scenario, slot: first, other: second } = given;
    fc.pre(first !== second && scenarios.roles[second] !== ROLE.unused);
    const space = caseSpaceOf(scenarios);
    for (const slot of [first, second]) scenario[2 * slot + 1] ^= 0x5a5a;
    const needs = [first, second].map((slot) => scenario[2 * slot + 1]);
    fc.pre(needs.every((half, index) => half !== scenarios.neutral[2 * [first, second][index] + 1]));
    const differs = (words: Int32Array, slot: number): boolean =>
      readHalves(words, 2 * slot) !== readSlot(scenarios.neutral, slot);
    const fails = ([{ words }]: Case): boolean => differs(words, first) && differs(words, second);
    const [{ words: least }] = shrinkFully(caseOf(scenario), space, fails).least;
    expect(slotsLeft(space, caseOf(least))).toEqual([first, second].sort((a, b) => a - b));
    const bits = bitsSet(least[2 * first]) + bitsSet(least[2 * first + 1]);
    expect(bits).toBeLessThanOrEqual(1);
    // A value that nobody interprets stays whole: a smaller secret is not a simpler one.
    if (scenarios.roles[second] === ROLE.secret) expect(readSlot(least, second)).toBe(readSlot(scenario, second));
  });

  test.prop([scenarioIn], { numRuns: 50 })('anything at all', ([scenarios, scenario]) => {
    const space = caseSpaceOf(scenarios);
    const { least, tried } = shrinkFully(caseOf(scenario), space, () => true);
    expect(least).toEqual(caseOf(scenarios.neutral));
    expect(tried).toBe(differing(space, caseOf(scenario)).length === 0 ? 0 : 1);
  });
});

/** Whether a scenario may differ from neutral in this one bit alone. */
function canBeAlone(space: ScenarioSpace, slot: number, bit: bigint): boolean {
  const alone = space.neutral.slice();
  writeSlot(alone, slot, bit);
  return caseSpaceOf(space).isFair(caseOf(alone)[0]);
}

describe('a leaf', () => {
  const tried = (space: ScenarioSpace, leaf: bigint): bigint[] => {
    const scenario = space.neutral.slice();
    writeSlot(scenario, space.leafSlot, leaf);
    return Array.from(simplerCases(caseOf(scenario), caseSpaceOf(space)), ([step]) => slotOf(step, space.leafSlot));
  };

  it.each([
    ['linux-6.7/__seamcall', 0x70n, 0x30n],
    ['linux-6.7/__tdcall', 0x1an, 0x12n],
    ['linux-6.7/__tdcall', 0x1an, 0n],
  ])('of %s: 0x%x never becomes 0x%x, with which it may not be called', (id, leaf, never) => {
    const all = tried(spaceOf(id), leaf);
    expect(all).not.toContain(never);
    expect(all).toContain(leaf & ~0x10n);
  });

  it('that is refused for its upper bits loses them one by one', () => {
    const all = tried(spaceOf('linux-6.7/__seamcall'), 0xc0000000_00000000n);
    expect(all).toContain(0x80000000_00000000n);
    expect(all).not.toContain(0n);
  });
});

describe('a case of several steps', () => {
  const slot = (name: string, neutral: bigint): Action['slots'][number] => ({
    name,
    meaning: 'a value',
    role: 'argument',
    neutral,
    isInterpreted: true,
    range: () => ({ bits: ~0n, known: [], isOne: () => true }),
  });
  const SPACE: CaseSpace = {
    actions: [
      {
        name: 'access',
        sentence: 'an access',
        slots: [slot('width', 52n), slot('address', 1n << 51n), slot('data', 0n)],
      },
      { name: 'wait', sentence: 'nothing', slots: [] },
    ],
    steps: { least: 1, most: 4 },
    each: () => undefined,
    isFair: () => true,
    together: (_, one) => [one],
    isExamined: () => true,
  };
  const [ACCESS, WAIT] = SPACE.actions;
  const WIDTH = 0;
  const ADDRESS = 1;
  const DATA = 2;

  const values = (given: Case): [string, bigint][] =>
    differing(SPACE, given).map((position) => [
      actionOf(SPACE, given[position.step].action).slots[position.slot].name,
      slotOf(given[position.step], position.slot),
    ]);
  const shrunken = (given: Case, fails: (given: Case) => boolean): Case => shrinkFully(given, SPACE, fails).least;

  it('is shrunken to the steps that matter, and their values to the bits that matter', () => {
    const given = [stepOf(WAIT), stepOf(ACCESS, { data: 0xff00ffn }), stepOf(WAIT)];
    const least = shrunken(given, (candidate) =>
      candidate.some((step) => step.action === 'access' && (slotOf(step, DATA) & 0x100000n) !== 0n),
    );
    expect(least.map(({ action }) => action)).toEqual(['access']);
    expect(values(least)).toEqual([['data', 0x100000n]]);
  });

  it('also where two values only make sense together', () => {
    const valid = (given: Case): boolean =>
      given.every((step) => slotOf(step, DATA) !== 0n && slotOf(step, ADDRESS) === 1n << (slotOf(step, WIDTH) - 1n));
    const given = [stepOf(ACCESS, { width: 48n, address: 1n << 47n, data: 6n })];
    expect(values(shrunken(given, valid))).toEqual([['data', 2n]]);
  });

  it('also where one value of all steps must go, or all of one step', () => {
    const given = [stepOf(ACCESS, { width: 3n, data: 1n }), stepOf(ACCESS, { width: 3n, data: 2n })];
    const widths = (candidate: Case): Set<bigint> => new Set(candidate.map((step) => slotOf(step, WIDTH)));
    const least = shrunken(given, (candidate) => candidate.length === 2 && widths(candidate).size === 1);
    expect(values(least)).toEqual([]);
    const first = shrunken(given, (candidate) => {
      const changed = differing(SPACE, candidate).filter(({ step }) => step === 0).length;
      return candidate.length === 2 && (changed === 0 || changed === 2) && slotOf(candidate[1], DATA) !== 0n;
    });
    expect(values(first)).toEqual([['data', 2n]]);
  });

  it('never to one that is not simpler, or has no step', () => {
    const given = [stepOf(ACCESS, { width: 3n, address: 5n, data: 7n }), stepOf(ACCESS, { data: 1n })];
    const size = (candidate: Case): number =>
      candidate.length * 1e6 +
      values(candidate).length * 1e3 +
      values(candidate).reduce((bits, [, value]) => bits + value.toString(2).replaceAll('0', '').length, 0);
    const candidates = [...simplerCases(given, SPACE)];
    expect(candidates.length).toBeGreaterThan(10);
    for (const simpler of candidates) {
      expect(size(simpler)).toBeLessThan(size(given));
      expect(simpler.length).toBeGreaterThan(0);
    }
  });

  it('of one neutral step has nothing simpler', () => {
    expect([...simplerCases([stepOf(ACCESS)], SPACE)]).toEqual([]);
    expect([...simplerCases([stepOf(WAIT)], SPACE)]).toEqual([]);
  });
});

import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { scenarios } from '../case/arbitrary.js';
import { readSlot, type Scenario, SLOT_NAMES, scenarioSlot, writeSlot } from './layout.js';
import { ROLE } from './roles.js';
import { differingSlots, shrinkScenario } from './shrink.js';
import type { ScenarioSpace } from './space.js';
import { CONTRACT_IDS, spaceOf } from './spaces.test.helper.js';

const SPACES = CONTRACT_IDS.map((id) => spaceOf(id));
/** A space and a scenario drawn in it. */
const cases = fc.constantFrom(...SPACES).chain((space) => fc.tuple(fc.constant(space), scenarios(space)));

function isInterpreted(slot: number, space: ScenarioSpace): boolean {
  const role = space.roles[slot];
  const name = SLOT_NAMES[slot];
  return !(role === ROLE.secret || (role === ROLE.answer && name !== 'answer.status') || name === 'fault.value');
}

function bitsSet(half: number): number {
  let count = 0;
  for (let left = half; left !== 0; left &= left - 1) count++;
  return count;
}

/** What "simpler" is measured by: first the slots that are not neutral, then the bits set in values that code interprets. */
function measure(scenario: Scenario, space: ScenarioSpace): { slots: number; bits: number } {
  const { neutral } = space;
  let slots = 0;
  let bits = 0;
  for (let slot = 0; slot < SLOT_NAMES.length; slot++) {
    const low = scenario[2 * slot];
    const high = scenario[2 * slot + 1];
    if (low !== neutral[2 * slot] || high !== neutral[2 * slot + 1]) slots++;
    if (isInterpreted(slot, space)) bits += bitsSet(low) + bitsSet(high);
  }
  return { slots, bits };
}

describe('every candidate', () => {
  test.prop([cases], { numRuns: 60 })('is strictly simpler than the scenario', ([space, scenario]) => {
    const before = measure(scenario, space);
    const notSimpler = [...shrinkScenario(scenario, space)].filter((candidate) => {
      const { slots, bits } = measure(candidate, space);
      return !(slots < before.slots || (slots === before.slots && bits < before.bits));
    });
    expect(notSimpler).toEqual([]);
  });

  test.prop([cases], { numRuns: 60 })('changes only slots that were not neutral', ([space, scenario]) => {
    const different = new Set(differingSlots(scenario, space.neutral));
    const candidates = Array.from(shrinkScenario(scenario, space), String);
    expect(new Set(candidates).size, 'each once').toBe(candidates.length);
    const touched = [...shrinkScenario(scenario, space)].flatMap((candidate) => differingSlots(candidate, scenario));
    expect(touched.length).toBeGreaterThan(0);
    expect(touched.filter((slot) => !different.has(slot))).toEqual([]);
  });

  test.prop([cases], { numRuns: 50 })(
    'is a copy: the scenario and the neutral one stay as they are',
    ([space, scenario]) => {
      const before = [scenario.slice(), space.neutral.slice()];
      for (const candidate of shrinkScenario(scenario, space)) candidate.fill(-1);
      expect([scenario, space.neutral]).toEqual(before);
    },
  );

  test.prop([cases], { numRuns: 50 })('comes again in the same order', ([space, scenario]) => {
    const again = shrinkScenario(scenario, space);
    for (const candidate of shrinkScenario(scenario, space))
      if (differingSlots(candidate, again.next().value ?? space.neutral).length > 0) expect.fail('another order');
    expect(again.next().done).toBe(true);
  });
});

it('starts with the neutral scenario, and ends there', () => {
  for (const space of SPACES) {
    expect([...shrinkScenario(space.neutral, space)]).toEqual([]);
    const scenario = space.neutral.slice();
    writeSlot(scenario, scenarioSlot('answer.r10'), 5n);
    const [first, ...rest] = shrinkScenario(scenario, space);
    expect(first).toEqual(space.neutral);
    expect(rest).toEqual([]);
  }
});

it('tries all at once, then groups, then slots one by one, then bits from wide to narrow', () => {
  const space = spaceOf('linux-5.19/__tdx_hypercall');
  const scenario = space.neutral.slice();
  const values = {
    'entry.rsi': 3n,
    'entry.rbx': 9n,
    'entry.rcx': 9n,
    'answer.r8': 1n,
    'answer.r9': 1n,
    'fault.kind': 1n,
  };
  for (const [name, value] of Object.entries(values)) writeSlot(scenario, scenarioSlot(name), value);
  const left = Array.from(shrinkScenario(scenario, space), (candidate) =>
    differingSlots(candidate, space.neutral)
      .map((slot) => `${SLOT_NAMES[slot].replace(/^.*\./, '')}=${readSlot(candidate, slot)}`)
      .join(' '),
  );
  expect(left).toEqual([
    '',
    'rcx=9 rbx=9 rsi=3 kind=1',
    'rsi=3 r8=1 r9=1 kind=1',
    'rbx=9 rsi=3 r8=1 r9=1 kind=1',
    'rcx=9 rsi=3 r8=1 r9=1 kind=1',
    'rcx=9 rbx=9 r8=1 r9=1 kind=1',
    'rcx=9 rbx=9 rsi=3 r9=1 kind=1',
    'rcx=9 rbx=9 rsi=3 r8=1 kind=1',
    'rcx=9 rbx=9 rsi=3 r8=1 r9=1',
    // RSI holds the flags. Without both of them it is neutral, and so is the fault: that was tried.
    'rcx=9 rbx=9 rsi=1 r8=1 r9=1 kind=1',
    'rcx=9 rbx=9 rsi=2 r8=1 r9=1 kind=1',
  ]);
});

it('differingSlots sees either half', () => {
  const [space] = SPACES;
  const scenario = space.neutral.slice();
  const [low, high] = [scenarioSlot('entry.rdi'), scenarioSlot('fault.value')];
  scenario[2 * low] ^= 1;
  scenario[2 * high + 1] ^= 1;
  expect(differingSlots(scenario, space.neutral)).toEqual([low, high]);
});

/** Each slot can be made neutral once and each bit of two slots cleared once; all candidates are tried before each step. */
const MOST_TRIES = 3000;

/** Shrinks as fast-check does, to the first candidate that still fails, until none does. */
function shrinkFully(
  scenario: Scenario,
  space: ScenarioSpace,
  fails: (scenario: Scenario) => boolean,
): { least: Scenario; tried: number } {
  let least = scenario;
  let tried = 0;
  for (let found = true; found;) {
    found = false;
    for (const candidate of shrinkScenario(least, space)) {
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

describe('a planted failure is shrunk to its least', () => {
  const planted = cases.chain(([space, scenario]) =>
    fc.record({
      space: fc.constant(space),
      scenario: fc.constant(scenario),
      slot: fc.constantFrom(...argumentSlots(space)),
      bit: fc.bigInt({ min: 0n, max: 63n }).map((at) => 1n << at),
      other: fc.integer({ min: 0, max: SLOT_NAMES.length - 1 }),
    }),
  );

  test.prop([planted], { numRuns: 100 })('one bit of one slot', ({ space, scenario, slot, bit }) => {
    // A leaf number goes only to those that the function may be called with: the tests below say which.
    fc.pre((readSlot(space.neutral, slot) & bit) === 0n && slot !== space.leafSlot);
    writeSlot(scenario, slot, readSlot(scenario, slot) | bit);
    const { least } = shrinkFully(scenario, space, (candidate) => (readSlot(candidate, slot) & bit) !== 0n);
    expect(differingSlots(least, space.neutral)).toEqual([slot]);
    expect(readSlot(least, slot)).toBe(bit);
  });

  test.prop([planted], { numRuns: 100 })('two slots at once', ({ space, scenario, slot: first, other: second }) => {
    fc.pre(first !== second && space.roles[second] !== ROLE.unused);
    for (const slot of [first, second]) scenario[2 * slot + 1] ^= 0x5a5a;
    const needs = [first, second].map((slot) => scenario[2 * slot + 1]);
    fc.pre(needs.every((half, index) => half !== space.neutral[2 * [first, second][index] + 1]));
    const differs = (candidate: Scenario, slot: number): boolean =>
      readSlot(candidate, slot) !== readSlot(space.neutral, slot);
    const fails = (candidate: Scenario): boolean => differs(candidate, first) && differs(candidate, second);
    const { least } = shrinkFully(scenario, space, fails);
    expect(differingSlots(least, space.neutral)).toEqual([first, second].sort((a, b) => a - b));
    const bits = bitsSet(least[2 * first]) + bitsSet(least[2 * first + 1]);
    expect(bits).toBeLessThanOrEqual(1);
    // A value that nobody interprets stays whole: a smaller secret is not a simpler one.
    if (space.roles[second] === ROLE.secret) expect(readSlot(least, second)).toBe(readSlot(scenario, second));
  });

  test.prop([cases], { numRuns: 50 })('anything at all', ([space, scenario]) => {
    const { least, tried } = shrinkFully(scenario, space, () => true);
    expect(least).toEqual(space.neutral);
    expect(tried).toBe(differingSlots(scenario, space.neutral).length === 0 ? 0 : 1);
  });
});

describe('a leaf', () => {
  it.each([
    ['linux-6.7/__seamcall', 0x70n, 0x30n],
    ['linux-6.7/__tdcall', 0x1an, 0x12n],
    ['linux-6.7/__tdcall', 0x1an, 0n],
  ])('of %s: 0x%x never becomes 0x%x, with which it may not be called', (id, leaf, never) => {
    const space = spaceOf(id);
    const scenario = space.neutral.slice();
    writeSlot(scenario, space.leafSlot, leaf);
    const tried = Array.from(shrinkScenario(scenario, space), (candidate) => readSlot(candidate, space.leafSlot));
    expect(tried).not.toContain(never);
    expect(tried).toContain(leaf & ~0x10n);
  });

  it('that is refused for its upper bits loses them one by one', () => {
    const space = spaceOf('linux-6.7/__seamcall');
    const scenario = space.neutral.slice();
    writeSlot(scenario, space.leafSlot, 0xc0000000_00000000n);
    const tried = Array.from(shrinkScenario(scenario, space), (candidate) => readSlot(candidate, space.leafSlot));
    expect(tried).toContain(0x80000000_00000000n);
    expect(tried).not.toContain(0n);
  });
});

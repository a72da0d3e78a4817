import { beforeAll, describe, expect, it } from 'vitest';
import { STATUS_CODES } from '../../models/abi/status-codes.js';
import { dictionary } from './dictionary.js';
import { drawScenarios } from './batch.js';
import { ACROSS_CARRY, FAULT, PLACE, type Scenario, SLOT, SLOT_NAMES, scenarioSlot, readSlot } from './layout.js';
import { ROLE } from './roles.js';
import type { ScenarioSpace } from './space.js';
import { CONTRACT_IDS, INSTRUCTIONS, spaceOf } from './spaces.test.helper.js';

const DRAWS = 20_000;

function draw(space: ScenarioSpace, count = DRAWS): Scenario[] {
  return drawScenarios(space, [1, 2, 3, 4], count);
}

/** That a class with probability `share` has as many cases as it should, within five standard deviations. */
function expectShare(scenarios: readonly Scenario[], share: number, is: (scenario: Scenario) => boolean): void {
  const count = scenarios.filter(is).length;
  const deviation = Math.sqrt(scenarios.length * share * (1 - share));
  expect(count).toBeGreaterThan(scenarios.length * share - 5 * deviation);
  expect(count).toBeLessThan(scenarios.length * share + 5 * deviation);
}

describe('a drawn scenario of a stub with flags', () => {
  const space = spaceOf('linux-5.19/__tdx_hypercall');
  let drawn: Scenario[] = [];
  beforeAll(() => {
    drawn = draw(space);
  });
  const low = (name: string) => (scenario: Scenario) => scenario[2 * scenarioSlot(name)];

  it('has each fault kind in its share', () => {
    const kind = low('fault.kind');
    expectShare(drawn, 6 / 8, (scenario) => kind(scenario) === FAULT.none);
    expectShare(drawn, 1 / 8, (scenario) => kind(scenario) === FAULT.interrupt);
    expectShare(drawn, 1 / 8, (scenario) => kind(scenario) === FAULT.nmi);
  });

  it('interrupts before each instruction, and behind the last', () => {
    const at = new Set(drawn.filter((scenario) => low('fault.kind')(scenario) !== FAULT.none).map(low('fault.at')));
    expect([...at].sort((a, b) => a - b)).toEqual(Array.from({ length: INSTRUCTIONS + 1 }, (_, index) => index));
  });

  it.each([
    ['valid', 32],
    ['callerFrame', 12],
    ['null', 4],
    ['unmapped', 2],
    ['partlyMapped', 2],
    ['readOnly', 2],
    ['overlapsStack', 2],
    ['lowHalfZero', 8],
  ] as const)('has the block at place %s in %i of 64 cases', (place, of64) => {
    expectShare(drawn, of64 / 64, (scenario) => low('block.place')(scenario) === PLACE[place]);
  });

  it('has the stack across a boundary of 4 GiB in one case of eight', () => {
    expectShare(drawn, 1 / 8, (scenario) => (low('stack.offset')(scenario) & ACROSS_CARRY) !== 0);
  });

  it('has each flag of the contract set and clear, and in a quarter of the cases bits that it says nothing of', () => {
    const flags = (scenario: Scenario): bigint => readSlot(scenario, scenarioSlot('entry.rsi'));
    for (const bit of [1n, 2n]) expectShare(drawn, 1 / 2, (scenario) => (flags(scenario) & bit) !== 0n);
    expectShare(drawn, 1 / 4, (scenario) => flags(scenario) > 3n);
    for (const bit of [2n, 31n, 32n, 63n])
      expectShare(drawn, 1 / 8, (scenario) => ((flags(scenario) >> bit) & 1n) === 1n);
  });

  it('has each RFLAGS bit that a caller may set, and never DF, TF, RF, VM, or the AC of a kernel', () => {
    // CF, PF, AF, ZF, SF, IF, OF, IOPL, NT, VIF, VIP, ID: Intel SDM volume 1, 3.4.3.
    for (const bit of [0, 2, 4, 6, 7, 9, 11, 12, 13, 14, 19, 20, 21])
      expectShare(drawn, 1 / 2, (scenario) => ((low('entry.rflags')(scenario) >>> bit) & 1) === 1);
    const others = drawn.reduce((all, scenario) => all | low('entry.rflags')(scenario), 0) & ~0x387ad5;
    expect(others).toBe(2);
    expect(drawn.every((scenario) => (low('entry.rflags')(scenario) & 2) === 2)).toBe(true);
  });

  it('fails the call in 56 of 256 cases', () => {
    expectShare(drawn, 56 / 256, (scenario) => readSlot(scenario, SLOT.answerStatus) !== 0n);
  });

  it('fails it with each half 0, with bit 63 clear, and with status words of the module', () => {
    const statuses = drawn.map((scenario) => readSlot(scenario, SLOT.answerStatus)).filter((status) => status !== 0n);
    const count = (is: (status: bigint) => boolean): number => statuses.filter(is).length;
    const words = new Set(STATUS_CODES.map(({ value }) => value));
    expect(count((status) => (status & 0xffffffffn) === 0n)).toBeGreaterThan(500);
    expect(count((status) => status >> 32n === 0n)).toBeGreaterThan(500);
    expect(count((status) => status >> 63n === 0n)).toBeGreaterThan(1000);
    expect(count((status) => words.has(status))).toBeGreaterThan(300);
  });

  it('never takes a 0 of the dictionary for a failure', () => {
    const zeros = draw({ ...space, dictionary: Int32Array.of(0, 0) });
    // One failure in six is a word of the dictionary: were it 0, a success would have been drawn in its place.
    expectShare(zeros, 56 / 256, (scenario) => readSlot(scenario, SLOT.answerStatus) !== 0n);
  });

  it('answers 0, RETRY, ABI constants, edges, small numbers, arguments and uniform bits', () => {
    const slot = scenarioSlot('answer.r10');
    const values = drawn.map((scenario) => readSlot(scenario, slot));
    const words = new Set(STATUS_CODES.map(({ value }) => value));
    expect(values.filter((value) => value === 0n).length).toBeGreaterThan(50);
    expect(values.filter((value) => value === 1n).length).toBeGreaterThan(50);
    expect(values.filter((value) => words.has(value)).length).toBeGreaterThan(200);
    expect(values.filter((value) => value === 0xffff8000_00000000n).length).toBeGreaterThan(50);
    expect(values.filter((value) => value < 256n).length).toBeGreaterThan(DRAWS / 32);
    const fewer = drawn.slice(0, 2000);
    expect(fewer.filter((scenario) => repeats(scenario, slot)).length).toBeGreaterThan(50);
    expectShare(fewer, 9 / 16, (scenario) => !KNOWN.has(readSlot(scenario, slot)) && !repeats(scenario, slot));
  });

  /** Whether a value that is no constant is also that of another slot. */
  function repeats(scenario: Scenario, slot: number): boolean {
    const value = readSlot(scenario, slot);
    return !KNOWN.has(value) && SLOT_NAMES.some((_, other) => other !== slot && readSlot(scenario, other) === value);
  }
  /** Words of the dictionary, edges, small numbers. */
  const KNOWN = new Set([
    0xffff8000_00000000n,
    0x7fff_ffffffffn,
    0xff000000_00000000n,
    0x00ffffff_ffffffffn,
    0x7fffffff_ffffffffn,
    0x80000000_00000000n,
    0xffffffff_fffff000n,
    0xffffffffn,
    0x1_00000000n,
    0x80000000n,
    0x7fffffffn,
    0xffffffff_80000000n,
    ...Array.from({ length: space.dictionary.length / 2 }, (_, word) => readSlot(space.dictionary, word)),
    ...Array.from({ length: 0x10001 }, (_, value) => BigInt(value)),
  ]);

  it('has the RBP rule of the module on and off, and both kinds of companions', () => {
    expectShare(drawn, 1 / 4, (scenario) => low('module.rbpMod')(scenario) === 1);
    expectShare(drawn, 1 / 2, (scenario) => low('companion.key')(scenario) === 0);
    expect(new Set(drawn.map(low('module.rbpMod')))).toEqual(new Set([0, 1]));
  });
});

describe('every drawn scenario', () => {
  it.each(CONTRACT_IDS)('%s: unused slots stay neutral, all others vary', (id) => {
    const space = spaceOf(id);
    const drawn = draw(space, 2000);
    SLOT_NAMES.forEach((name, slot) => {
      const values = new Set(drawn.map((scenario) => readSlot(scenario, slot)));
      if (space.roles[slot] === ROLE.unused) expect([...values], name).toEqual([readSlot(space.neutral, slot)]);
      else expect(values.size, name).toBeGreaterThan(1);
    });
  });

  it.each([
    ['no-rbp-mod', 0],
    ['rbp-mod', 1],
  ] as const)('is of such a TD alone where the contract assumes %s', (assumption, rbpMod) => {
    const space = spaceOf('linux-5.19/__tdx_hypercall', { assumes: [assumption] });
    const scenarios = [space.neutral, ...draw(space, 1000)];
    expect(new Set(scenarios.map((scenario) => scenario[2 * SLOT.rbpMod]))).toEqual(new Set([rbpMod]));
  });

  it('is the same for the same seed, and leaves the neutral one alone', () => {
    const space = spaceOf('linux-6.7/__tdcall_saved_ret');
    const neutral = space.neutral.slice();
    expect(draw(space, 200)).toEqual(draw(space, 200));
    expect(space.neutral).toEqual(neutral);
  });
});

describe('the dictionary', () => {
  it('has each word once, in a fixed order, with those of the code under test', () => {
    const words = dictionary('tdcall', [0x1234_5678_9abc_def0n, -1n, 0x1234_5678_9abc_def0n, 0n]);
    const values = Array.from({ length: words.length / 2 }, (_, word) => readSlot(words, word));
    expect(new Set(values).size).toBe(values.length);
    expect(values).toEqual([...values].sort((a, b) => (a < b ? -1 : 1)));
    for (const word of [0x1234_5678_9abc_def0n, 0xffffffff_ffffffffn, 0x10004n, 0xfc00n, 0xffccn, 0xc0000100_00000000n])
      expect(values).toContain(word);
    expect(dictionary('tdcall', []).length, 'all ones and 0 are status words already').toBe(words.length - 2);
  });
});

describe('how SEAMCALL ends', () => {
  const drawn = draw(spaceOf('linux-6.7/__seamcall'), 20_000);
  const values = (name: string): bigint[] => drawn.map((scenario) => readSlot(scenario, SLOT_NAMES.indexOf(name)));

  it('is each of its ways, the ordinary one in 13 cases of 16', () => {
    const outcomes = values('call.outcome');
    for (const [outcome, share] of [13 / 16, 1 / 16, 1 / 16, 1 / 16].entries())
      expect(outcomes.filter((value) => value === BigInt(outcome)).length / outcomes.length).toBeCloseTo(share, 1);
    expect(outcomes.filter((value) => value > 3n)).toEqual([]);
  });

  it.each([0x80000203_00000000n, 0x80000200_00000000n, 0x80000202_00000000n])(
    'status 0x%x is one of those drawn',
    (status) => expect(values('answer.status').filter((value) => value === status).length).toBeGreaterThan(100),
  );

  it('is no part of TDCALL', () => {
    const guest = draw(spaceOf('linux-6.7/__tdcall'), 200);
    expect(new Set(guest.map((scenario) => readSlot(scenario, SLOT_NAMES.indexOf('call.outcome'))))).toEqual(
      new Set([0n]),
    );
  });
});

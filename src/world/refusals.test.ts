import { describe, expect, it } from 'vitest';
import { readHalves } from '../halves.js';
import { createObservation, FACT } from '../observation/layout.js';
import { createScenario, SLOT, writeSlot } from '../scenario/layout.js';
import { type RefusedAnswer, Refusals } from './refusals.js';

const ALL_ONES = (1n << 64n) - 1n;
const CLASS = 0xffff_ffff_0000_0000n;
const BUSY = 0x8000_0200_0000_0000n;

function refused(kinds: readonly RefusedAnswer[], open: bigint, calls = 0): { status: bigint; answers: bigint[] } {
  const scenario = createScenario();
  writeSlot(scenario, SLOT.refusal, open);
  const observation = createObservation();
  observation[2 * FACT.calls] = calls;
  const refusals = new Refusals(kinds);
  const answers = new Int32Array(32);
  refusals.refuse(scenario, observation, answers);
  const status = readHalves(Int32Array.of(refusals.statusLow, refusals.statusHigh), 0);
  return { status, answers: Array.from({ length: 16 }, (_, register) => readHalves(answers, 2 * register)) };
}

describe('a refusal', () => {
  it('is one of the named values, with any bits outside of the mask', () => {
    const kinds = [{ register: 0, mask: CLASS, values: [BUSY], is: true }];
    expect(refused(kinds, 0n).status).toBe(BUSY);
    expect(refused(kinds, 0x1234_5678_9abc_def0n).status).toBe(BUSY | 0x9abc_def0n);
  });

  it('in another register than RAX leaves the status 0', () => {
    const { status, answers } = refused([{ register: 10, mask: ALL_ONES, values: [1n], is: true }], 77n);
    expect([status, answers[10]]).toEqual([0n, 1n]);
  });

  it.each([
    [1n, [0n]],
    [3n, [0n, 1n, 2n]],
    [ALL_ONES, [0n, 1n, 0x42n]],
  ])('of a test by what it is not is none of it, in mask %x', (mask, values) => {
    for (const open of [0n, 1n, 2n, 3n, 0x42n, ALL_ONES]) {
      const { status } = refused([{ register: 0, mask, values, is: false }], open);
      expect(values).not.toContain(status & mask);
    }
  });

  it('leaves other values in the registers from try to try', () => {
    const kinds = [{ register: 0, mask: ALL_ONES, values: [BUSY], is: true }];
    const tries = [0, 1, 2].map((calls) => refused(kinds, 0n, calls).answers.slice(1));
    expect(new Set(tries.flat()).size).toBeGreaterThan(15);
    expect(tries[0]).not.toEqual(tries[1]);
  });
});

it('comes as often as the scenario says', () => {
  const refusals = new Refusals([]);
  const scenario = createScenario();
  writeSlot(scenario, SLOT.refusals, 2n);
  const observation = createObservation();
  const due = [0, 1, 2, 3].map((calls) => {
    observation[2 * FACT.calls] = calls;
    return refusals.isDue(scenario, observation);
  });
  expect(due).toEqual([true, true, false, false]);
});

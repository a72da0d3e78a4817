/** Bulk and reference side by side: the same tests for both suites, on some twins and on all. */
import { describe, expect, it } from 'vitest';
import { LaneRunner } from '../../lane/lane-runner.js';
import { BLOCK, FACT, type Moment, MOMENT, OBSERVATION_SLOTS, VECTOR } from '../../observation/layout.js';
import { drawScenarios } from '../../scenario/batch.js';
import { builtInStubs } from '../targets/built-in-targets.js';
import { createRunner } from '../../run/open-runner.js';
import type { StubTarget } from '../../run/target.js';
import { stubRunner } from '../../finding/twins.test.helper.js';
import { type BlockResult, runBlock } from './block.js';

/** What the translation is for: SEAMCALL stays with the reference. */
export const GUEST = (target: StubTarget): boolean => target.contract.instruction === 'tdcall';
const SOUND_STUBS = new Set(builtInStubs().map(({ name }) => name));

/** A block but for its witnesses: of several cases on one path the two ways may show different ones. */
export function totalsOf(...block: Parameters<typeof runBlock>): Omit<BlockResult, 'witnesses'> {
  const { witnesses, ...totals } = runBlock(...block);
  expect(witnesses.length).toBeGreaterThan(0);
  return totals;
}

/** Makes one test for each twin: its block is the same in bulk. */
export function twinsInBulk(twins: readonly StubTarget[]): void {
  describe('a block', () => {
    it.each(twins.map((target) => [target.name, target] as const))(
      'of the twin %s is the same in bulk',
      (_, target) => {
        const [bulk, single] = [stubRunner(target), stubRunner(target)].map((runner, index) =>
          totalsOf(runner, 'twins in bulk', 0, 400, index === 0 ? 'always' : 'never'),
        );
        expect(bulk).toEqual(single);
      },
    );
  });
}

/** Makes one test for each target around TDCALL: its runs are observed the same in bulk. */
export function runsInBulk(targets: readonly StubTarget[]): void {
  describe('a run', () => {
    it.each(targets.filter(GUEST).map((target) => [target.name, target] as const))(
      'of %s is observed the same in bulk, companions included',
      (_, target) => {
        const runner = createRunner(target);
        const bulk = LaneRunner.of(runner);
        if (bulk === undefined) throw new Error('not translated');
        let clean = 0;
        for (let number = 0; number < 60; number++) {
          const words = [number, 1, 2, 3] as const;
          bulk.begin();
          const { suspects } = bulk.run(words, 1);
          const [scenario] = drawScenarios(runner.space, words, 1);
          const violated = runner.run(scenario);
          if (suspects.length > 0) {
            expect(suspects[0].scenario).toEqual(scenario);
            continue;
          }
          expect(violated).toBe(0);
          clean++;
          const { context } = runner;
          expectSame(bulk.observation(0), context.base);
          if (context.hasGuestCompanion) expectSame(bulk.observation(1), context.guest, ['call']);
          if (context.hasHostCompanion) expectSame(bulk.observation(2), context.host, ['final']);
        }
        // Nothing of a sound stub goes back to the reference; of C around one a case here and there.
        if (SOUND_STUBS.has(target.name))
          expect(clean).toBeGreaterThanOrEqual(target.name.startsWith('guest-') ? 60 : 54);
      },
    );
  });
}

/** 16 general registers, RIP and RFLAGS. */
const REGISTER_SLOTS = 18;
/** Register files that a run observes; of a companion, those that the properties compare. */
const MOMENTS = Object.keys(MOMENT) as Moment[];

/** But for the hash over addresses, which bulk runs do not compute, and the registers at a call that was not made. */
function expectSame(bulk: Int32Array, reference: Int32Array, moments: readonly Moment[] = MOMENTS): void {
  const called = reference[2 * FACT.calls] > 0;
  // Zeros below RSP that nobody reads are told apart by the reference alone; where the clause is in force, such a case is a suspect.
  const forgiven = reference[2 * FACT.accessesBelowStack] === 0 && bulk[2 * FACT.accessesBelowStack] > 0;
  for (let slot = 0; slot < OBSERVATION_SLOTS; slot++) {
    if (slot === FACT.addresses || (!called && slot >= MOMENT.call && slot < MOMENT.final)) continue;
    if (forgiven && (slot === FACT.accessesBelowStack || slot === FACT.firstBelowStack)) continue;
    const moment = MOMENTS.find((name) => slot >= MOMENT[name] && slot < MOMENT[name] + REGISTER_SLOTS);
    if (moment !== undefined && !moments.includes(moment)) continue;
    if (slot >= BLOCK.initial && slot < VECTOR.initial && moments !== MOMENTS) continue;
    if (bulk[2 * slot] !== reference[2 * slot] || bulk[2 * slot + 1] !== reference[2 * slot + 1])
      expect.fail(`slot ${slot} of the observation differs`);
  }
}

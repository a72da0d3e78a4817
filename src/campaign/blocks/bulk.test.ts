/** Blocks in bulk and blocks one by one are the same, on sound stubs and on every broken twin; so are the runs themselves. */
import { describe, expect, it } from 'vitest';
import { BulkRunner } from '../../bulk/bulk-runner.js';
import { BLOCK_CONTRACT, external, madeImage, set64, SOUND, TEXT } from '../../harness/made-function.test.helper.js';
import { BLOCK, FACT, type Moment, MOMENT, OBSERVATION_SLOTS, VECTOR } from '../../observation/layout.js';
import { drawScenarios } from '../../scenario/batch.js';
import { twinTargets } from '../../triage/twins.test.helper.js';
import { type BlockResult, runBlock } from './block.js';
import { builtInStubs } from '../targets/built-in-targets.js';
import { createRunner } from '../../run/open-runner.js';
import type { StubTarget } from '../../run/target.js';

const TWINS = twinTargets();

/** A block but for its witnesses: of several cases on one path the two ways may show different ones. */
function totalsOf(...block: Parameters<typeof runBlock>): Omit<BlockResult, 'witnesses'> {
  const { witnesses, ...totals } = runBlock(...block);
  expect(witnesses.length).toBeGreaterThan(0);
  return totals;
}

/** What the translation is for: SEAMCALL stays with the reference. */
const GUEST = (target: StubTarget): boolean => target.contract.instruction === 'tdcall';

describe('a block', () => {
  it.each(builtInStubs().map((target) => [target.name, target] as const))(
    'of %s is the same in bulk',
    (name, target) => {
      const [bulk, single] = [createRunner(target), createRunner(target)];
      for (const [block, cases] of [
        [0, 1000],
        [1, 377],
      ])
        expect(totalsOf(bulk, name, 'bulk', block, cases, 'always')).toEqual(
          totalsOf(single, name, 'bulk', block, cases, 'never'),
        );
    },
  );

  it.each(TWINS.map((target) => [target.name, target] as const))(
    'of the twin %s is the same in bulk',
    (name, target) => {
      const [bulk, single] = [createRunner(target), createRunner(target)].map((runner, index) =>
        totalsOf(runner, name, 'twins in bulk', 0, 400, index === 0 ? 'always' : 'never'),
      );
      expect(bulk).toEqual(single);
    },
  );
});

describe('a contract with many leaves', () => {
  const leaves = (count: number): StubTarget => {
    const target = builtInStubs().find(({ name }) => name === 'guest-6.7/__tdcall');
    if (target === undefined) throw new Error('no such target');
    return {
      ...target,
      contract: { ...target.contract, leaves: Array.from({ length: count }, (_, leaf) => leaf + 1) },
    };
  };

  it('is the same in bulk, and draws them all', () => {
    const [bulk, single] = [createRunner(leaves(120)), createRunner(leaves(120))];
    const result = totalsOf(bulk, 'leaves', 'bulk', 0, 3000, 'always');
    expect(result).toEqual(totalsOf(single, 'leaves', 'bulk', 0, 3000, 'never'));
    const drawn = drawScenarios(single.space, [1, 2, 3, 4], 5000).map(
      (scenario) => scenario[2 * single.space.leafSlot],
    );
    for (let leaf = 1; leaf <= 120; leaf++) expect(drawn, `leaf ${leaf}`).toContain(leaf);
  });

  it('stays with the reference when there are too many', () => {
    expect(BulkRunner.of(createRunner(leaves(257)))).toBeUndefined();
  });
});

describe('code that is reached by an indirect call alone', () => {
  /** mov $address,%rax; call *%rax: a hook that is not where a direct call could tell. */
  const pieces = [...set64('rax', external(0)), 0xff, 0xd0];
  const target: StubTarget = {
    name: 'indirect',
    symbol: 'f',
    set: 'made',
    contract: BLOCK_CONTRACT,
    image: madeImage([pieces, ...SOUND], { externals: ['__fentry__'] }),
  };

  it('is looked for once it was missed, and changes no result', () => {
    const runner = createRunner(target);
    const first = BulkRunner.of(runner);
    if (first === undefined) throw new Error('not translated');
    first.begin();
    expect(first.run([1, 2, 3, 4], 50).suspects).toHaveLength(50);
    const second = first.extended();
    expect(second).not.toBe(first);
    second.begin();
    expect(second.run([1, 2, 3, 4], 50).suspects).toEqual([]);
    expect(second.extended()).toBe(second);
    const [bulk, single] = [createRunner(target), createRunner(target)];
    for (const block of [0, 1])
      expect(totalsOf(bulk, 'indirect', 'bulk', block, 300, 'always')).toEqual(
        totalsOf(single, 'indirect', 'bulk', block, 300, 'never'),
      );
  });
});

describe('what stays with the reference', () => {
  it('is every stub around SEAMCALL', () => {
    const host = builtInStubs().filter((target) => !GUEST(target));
    expect(host.length).toBeGreaterThanOrEqual(4);
    for (const target of host) expect(BulkRunner.of(createRunner(target))).toBeUndefined();
  });

  it('is code with a fixup for a fault of its own, and no other code of its image', () => {
    const made = (from: bigint): StubTarget => ({
      name: 'fixed',
      symbol: 'f',
      set: 'made',
      contract: BLOCK_CONTRACT,
      image: madeImage(SOUND, { fixups: [{ from, to: TEXT, type: 2 }] }),
    });
    expect(BulkRunner.of(createRunner(made(TEXT)))).toBeUndefined();
    expect(BulkRunner.of(createRunner(made(TEXT + 1n)))).toBeDefined();
  });
});

describe('a run', () => {
  it.each([...builtInStubs(), ...TWINS].filter(GUEST).map((target) => [target.name, target] as const))(
    'of %s is observed the same in bulk, companions included',
    (_, target) => {
      const runner = createRunner(target);
      const bulk = BulkRunner.of(runner);
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
      if (!TWINS.includes(target)) expect(clean).toBeGreaterThanOrEqual(target.name.startsWith('guest-') ? 60 : 54);
    },
  );
});

/** 16 general registers, RIP and RFLAGS. */
const REGISTER_SLOTS = 18;
/** Register files that a run observes; of a companion, those that the properties compare. */
const MOMENTS = Object.keys(MOMENT) as Moment[];

/** But for the hash over addresses, which bulk runs do not compute, and the registers at a call that was not made. */
function expectSame(bulk: Int32Array, reference: Int32Array, moments: readonly Moment[] = MOMENTS): void {
  const called = reference[2 * FACT.calls] > 0;
  for (let slot = 0; slot < OBSERVATION_SLOTS; slot++) {
    if (slot === FACT.addresses || (!called && slot >= MOMENT.call && slot < MOMENT.final)) continue;
    const moment = MOMENTS.find((name) => slot >= MOMENT[name] && slot < MOMENT[name] + REGISTER_SLOTS);
    if (moment !== undefined && !moments.includes(moment)) continue;
    if (slot >= BLOCK.initial && slot < VECTOR.initial && moments !== MOMENTS) continue;
    if (bulk[2 * slot] !== reference[2 * slot] || bulk[2 * slot + 1] !== reference[2 * slot + 1])
      expect.fail(`slot ${slot} of the observation differs`);
  }
}

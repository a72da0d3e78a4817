/** Blocks in bulk and blocks one by one are the same, on sound stubs and on every broken twin; so are the runs themselves. */
import { describe, expect, it } from 'vitest';
import { LaneRunner } from '../../lane/lane-runner.js';
import { BLOCK_CONTRACT, external, madeImage, set64, SOUND, TEXT } from '../../harness/made-function.test.helper.js';
import { drawScenarios } from '../../scenario/batch.js';
import { stubRunner, twinTargets } from '../../finding/twins.test.helper.js';
import { GUEST, runsInBulk, totalsOf, twinsInBulk } from './bulk.test.helper.js';
import { builtInStubs } from '../targets/built-in-targets.js';
import { createRunner } from '../../run/open-runner.js';
import type { StubTarget } from '../../run/target.js';

/** Every twelfth; all of them in `bulk.deep.test.ts`. */
const TWINS = twinTargets().filter((_, index) => index % 12 === 0);

twinsInBulk(TWINS);
runsInBulk([...builtInStubs().filter(GUEST), ...TWINS]);

describe('a block', () => {
  it.each(builtInStubs().map((target) => [target.name, target] as const))('of %s is the same in bulk', (_, target) => {
    const [bulk, single] = [stubRunner(target), stubRunner(target)];
    for (const [block, cases] of [
      [0, 1000],
      [1, 377],
    ])
      expect(totalsOf(bulk, 'bulk', block, cases, 'always')).toEqual(totalsOf(single, 'bulk', block, cases, 'never'));
  });
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
    const [bulk, single] = [stubRunner(leaves(120)), stubRunner(leaves(120))];
    const result = totalsOf(bulk, 'bulk', 0, 3000, 'always');
    expect(result).toEqual(totalsOf(single, 'bulk', 0, 3000, 'never'));
    const { space } = single.reference;
    const drawn = drawScenarios(space, [1, 2, 3, 4], 5000).map((scenario) => scenario[2 * space.leafSlot]);
    for (let leaf = 1; leaf <= 120; leaf++) expect(drawn, `leaf ${leaf}`).toContain(leaf);
  });

  it('stays with the reference when there are too many', () => {
    expect(LaneRunner.of(createRunner(leaves(257)))).toBeUndefined();
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
    const first = LaneRunner.of(runner);
    if (first === undefined) throw new Error('not translated');
    first.begin();
    expect(first.run([1, 2, 3, 4], 50).suspects).toHaveLength(50);
    const second = first.extended();
    expect(second).not.toBe(first);
    second.begin();
    expect(second.run([1, 2, 3, 4], 50).suspects).toEqual([]);
    expect(second.extended()).toBe(second);
    const [bulk, single] = [stubRunner(target), stubRunner(target)];
    for (const block of [0, 1])
      expect(totalsOf(bulk, 'bulk', block, 300, 'always')).toEqual(totalsOf(single, 'bulk', block, 300, 'never'));
  });
});

describe('what stays with the reference', () => {
  it('is every stub around SEAMCALL', () => {
    const host = builtInStubs().filter((target) => !GUEST(target));
    expect(host.length).toBeGreaterThanOrEqual(4);
    for (const target of host) expect(LaneRunner.of(createRunner(target))).toBeUndefined();
  });

  it('is code with a fixup for a fault of its own, and no other code of its image', () => {
    const made = (from: bigint): StubTarget => ({
      name: 'fixed',
      symbol: 'f',
      set: 'made',
      contract: BLOCK_CONTRACT,
      image: madeImage(SOUND, { fixups: [{ from, to: TEXT, type: 2 }] }),
    });
    expect(LaneRunner.of(createRunner(made(TEXT)))).toBeUndefined();
    expect(LaneRunner.of(createRunner(made(TEXT + 1n)))).toBeDefined();
  });
});

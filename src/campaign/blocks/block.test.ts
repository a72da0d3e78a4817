import { describe, expect, test } from 'vitest';
import { RET, TDCALL, VADDPS, SOUND, BLOCK_CONTRACT, madeImage } from '../../harness/made-function.test.helper.js';
import { signatureKey } from '../../finding/signature.js';
import { twinTarget } from '../../finding/twins.test.helper.js';
import { runnerOf } from '../../finding/made-runner.test.helper.js';
import { BLOCK_CASES, type BlockResult, runBlock } from './block.js';
import { blockSeed } from './seed.js';
import { openRunner } from '../../run/open-runner.js';
import type { Runner } from '../../run/runner.js';
import type { StubTarget } from '../../run/target.js';

const made: StubTarget = { name: 'made', symbol: 'f', set: 'made', contract: BLOCK_CONTRACT, image: madeImage(SOUND) };
const TARGETS: readonly StubTarget[] = [
  twinTarget('failure-by-low-half-5.19'),
  twinTarget('table-indexed-by-r10-6.3'),
  twinTarget('missing-pop-on-failure-6.7'),
  made,
];

describe.each(TARGETS.map((target) => [target.name, target] as const))('a block of %s', (_, target) => {
  const run = (runner: Runner, block: number, cases = 300): BlockResult => runBlock(runner, 'seed', block, cases);

  test('is a pure function of seed, name and number', () => {
    const fresh = [0, 1, 2].map((block) => run(openRunner(target), block));
    const one = openRunner(target);
    const backwards = [2, 1, 0, 1].map((block) => run(one, block));
    expect(backwards).toEqual([fresh[2], fresh[1], fresh[0], fresh[1]]);
    // Three blocks, three streams.
    expect(new Set(fresh.map((result) => JSON.stringify(result))).size).toBe(3);
    expect(runBlock(one, 'another seed', 0, 300)).not.toEqual(fresh[0]);
    expect(run(openRunner({ ...target, name: 'another name' }), 0)).not.toEqual(fresh[0]);
  });

  test('of fewer cases is the beginning of the same stream', () => {
    const runner = openRunner(target);
    const long = run(runner, 5, 300);
    const short = run(runner, 5, 40);
    expect(short.cases).toBe(40);
    const early = long.failures.filter(({ index }) => index < 40);
    expect(short.failures.map(({ signature, index, values }) => ({ signature, index, values }))).toEqual(
      early.map(({ signature, index, values }) => ({ signature, index, values })),
    );
  });

  test('counts every case', () => {
    const { cases, executions, classes, failures } = run(openRunner(target), 0, BLOCK_CASES);
    expect(cases).toBe(BLOCK_CASES);
    expect(executions).toBeGreaterThanOrEqual(cases);
    expect(executions).toBeLessThanOrEqual(3 * cases);
    expect(classes['IF set at entry'] + classes['IF clear at entry']).toBe(cases);
    for (const { hits, index } of failures) {
      expect(hits).toBeGreaterThan(0);
      expect(hits).toBeLessThanOrEqual(cases - index);
    }
    expect(failures.length > 0).toBe(target.name !== 'made');
  });

  test('keeps the values of a failure as they were drawn', () => {
    const runner = openRunner(target);
    for (const { signature, values } of run(runner, 0).failures) {
      const alone = openRunner(target);
      const violations = alone.run(values) ?? [];
      expect(violations.map(({ clause: { property, slot } }) => [property.name, slot])).toContainEqual([
        signature.property,
        signature.slot,
      ]);
      expect(signatureKey(signature)).toContain(signature.place);
    }
  });
});

test('a case without a verdict is a problem of its block, and no case counts it as judged', () => {
  const runner = runnerOf([TDCALL, VADDPS, RET]);
  const result = runBlock(runner, 'seed', 0, 50);
  expect(result.problem?.text).toContain('unknown instruction vaddps');
  expect(result.inForce.every((count) => count === 0)).toBe(true);
  expect(result.failures).toEqual([]);
});

test('every text, name and number has a seed of its own', () => {
  const seeds = ['a', 'b', ''].flatMap((seed) =>
    ['x', 'y', '1'].flatMap((target) => Array.from({ length: 50 }, (_, block) => blockSeed(seed, target, block))),
  );
  expect(new Set(seeds).size).toBe(seeds.length);
  expect(blockSeed('a', 'x', 0)).toBe(blockSeed('a', 'x', 0));
  expect(Number.isInteger(blockSeed('a', 'x', 0))).toBe(true);
});

/** Results of several blocks are the same, byte for byte; `fuzz.test.ts` has the small version. */
import { describe, expect, test } from 'vitest';
import { resultJson } from '../report/json.js';
import { twinTarget } from '../finding/twins.test.helper.js';
import { BLOCK_CASES } from './blocks/block.js';
import { fuzz, type FuzzOptions } from './fuzz.js';
import type { RunResult } from './records/result.js';
import { builtInStubs } from './targets/built-in-targets.js';
import type { StubTarget } from '../run/target.js';

const run = (targets: readonly StubTarget[], more: Partial<FuzzOptions> = {}): Promise<RunResult> =>
  fuzz({ targets, seed: 'seed', budget: { runs: 1300 }, workers: 1, ...more });
/** The part of a result that is the same, byte for byte. */
const stable = (result: RunResult): string =>
  resultJson({
    ...result,
    run: { ...result.run, workers: 0, milliseconds: 0, casesPerSecond: 0, start: undefined, end: undefined },
  });

const CLEAN = builtInStubs().filter(({ name }) => /5\.19\/__tdx_hypercall$|6\.7\/__tdcall_saved_ret$/.test(name));
const BROKEN = [twinTarget('table-indexed-by-r10-6.3'), twinTarget('missing-pop-on-failure-6.7')];

describe('the result is the same, byte for byte', () => {
  test('for 1, 2 and 3 workers and for a second run, on clean and on broken targets', async () => {
    const targets = [...CLEAN, ...BROKEN];
    // Several blocks: which of them are computed in bulk, and where, differs with every run.
    const budget = { runs: 2 * BLOCK_CASES + 300 };
    const one = await run(targets, { budget });
    expect(one.result.targets.map(({ findings }) => findings.length > 0)).toEqual([false, false, true, true]);
    const expected = stable(one);
    expect(stable(await run(targets, { budget }))).toBe(expected);
    for (const workers of [2, 3]) expect(stable(await run(targets, { budget, workers }))).toBe(expected);
    expect(stable(await run(targets, { budget, seed: 'another' }))).not.toBe(expected);
  });

  test('where each target has a seed of its own: as with that seed alone, on threads too', async () => {
    const [clean, broken] = [CLEAN[0], BROKEN[0]];
    const seed = ({ name }: { name: string }): string => `of ${name}`;
    const budget = { runs: BLOCK_CASES + 300 };
    const own = await run([clean, broken], { budget, seed });
    expect(own.result.seed).toBe('from the code');
    for (const [index, target] of [clean, broken].entries()) {
      const alone = await run([target], { budget, seed: `of ${target.name}` });
      expect(own.result.targets[index]).toEqual(alone.result.targets[0]);
      expect((await run([target], { budget, seed: 'seed' })).result.targets[0]).not.toEqual(alone.result.targets[0]);
    }
    expect(stable(await run([clean, broken], { budget, seed, workers: 2 }))).toBe(stable(own));
  });
});

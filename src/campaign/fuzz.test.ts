import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  BLOCK_CONTRACT,
  call,
  external,
  type ImageOptions,
  madeImage,
  NOP,
  type Piece,
  RET,
  SOUND,
  VADDPS,
} from '../harness/made-function.test.helper.js';
import { validateCase } from '../stored/case-file.js';
import { packageRoot } from '../package-info.js';
import { resultJson } from '../report/json.js';
import { twinTarget } from '../finding/twins.test.helper.js';
import { BLOCK_CASES } from './blocks/block.js';
import { builtInStubs } from './targets/built-in-targets.js';
import { fuzz, type FuzzOptions } from './fuzz.js';
import { exitStatus, neverInForce, noVerdict, type RunResult } from './records/result.js';
import type { StubTarget } from '../run/target.js';

const madeTarget = (pieces: readonly Piece[], options: ImageOptions = {}): StubTarget => ({
  name: 'made',
  symbol: 'f',
  set: 'made',
  contract: BLOCK_CONTRACT,
  image: madeImage(pieces, options),
});
const run = (targets: readonly StubTarget[], more: Partial<FuzzOptions> = {}): Promise<RunResult> =>
  fuzz({ targets, seed: 'seed', budget: { runs: 1300 }, workers: 1, ...more });
/** The part of a result that is the same, byte for byte. */
const stable = (result: RunResult): string =>
  resultJson({
    ...result,
    run: { ...result.run, workers: 0, milliseconds: 0, casesPerSecond: 0, start: undefined, end: undefined },
  });

const CLEAN = builtInStubs().filter(({ name }) => /5\.19\/__tdx_hypercall$|6\.7\/__tdcall_saved_ret$/.test(name));
/** Of the first nearly every case fails, which takes its time; of the second some. */
const BROKEN = [twinTarget('table-indexed-by-r10-6.3'), twinTarget('missing-pop-on-failure-6.7')];

describe('a contract that needs a TD without NO_RBP_MOD', () => {
  /** RBP is in the mask of the code, and now in that of its contract as well. */
  const twin = twinTarget('mask-with-rbp-5.19');
  const withMask = (assumes?: 'rbp-mod'): StubTarget => ({
    ...twin,
    contract: {
      ...twin.contract,
      inputs: { ...twin.contract.inputs, rcx: { constant: '0xfc20' } },
      ...(assumes !== undefined && { assumes: [assumes] }),
    },
  });
  const casesOf = ({ result }: RunResult, name: string): number =>
    result.targets[0].properties.find(({ property }) => property === name)?.cases ?? 0;

  test('is run on such TDs alone: the host answers as often as with any other mask, and the result says so', async () => {
    const needed = await run([withMask('rbp-mod')]);
    const [target] = needed.result.targets;
    expect(target.assumes).toEqual(['rbp-mod']);
    expect(target.findings.map(({ property, slot }) => `${property}: ${slot}`)).toContain(
      'exposes-only-arguments: call.rbp',
    );
    expect(target.findings.map(({ property }) => property)).not.toContain('vmcall-frame');
    // Of all TDs a quarter has no NO_RBP_MOD, and the module refuses the mask of the others.
    const usual = await run([CLEAN[0]]);
    expect(usual.result.targets[0].assumes).toBeUndefined();
    const [needs, any] = [needed, await run([withMask()])].map((one) => casesOf(one, 'scrubs-host-values'));
    expect(needs).toBeGreaterThan(3 * any);
    expect(needs).toBeGreaterThan(0.9 * casesOf(usual, 'scrubs-host-values'));
  });
});

describe('a property that no case put in force', () => {
  const chosen = { ...CLEAN[0], properties: ['stops-on-failure', 'keeps-stack'] };

  test('is told apart from one that holds', async () => {
    // The only case succeeds: whether a failure stops the function nobody has seen.
    const { result } = await run([chosen], { seed: 'success', budget: { runs: 1 } });
    expect(result.targets[0].properties).toEqual([
      { property: 'keeps-stack', status: 'holds', cases: 1 },
      { property: 'stops-on-failure', status: 'not evaluated', cases: 0 },
    ]);
    expect(neverInForce(result.targets[0])).toEqual(['stops-on-failure']);
  });

  test('and is the only one: no verdict', async () => {
    const one = await run([{ ...chosen, properties: ['stops-on-failure'] }], { seed: 'success', budget: { runs: 1 } });
    expect(noVerdict(one.result.targets[0])).toBe('no property was in force in any case');
    expect(exitStatus(one)).toBe(2);
  });
});

describe('the result is the same, byte for byte', () => {
  test('for one target alone and among others', async () => {
    const alone = await run([BROKEN[1]], { budget: { runs: 500 } });
    const among = await run([CLEAN[0], BROKEN[1]], { budget: { runs: 500 } });
    expect(among.result.targets[1]).toEqual(alone.result.targets[0]);
  });

  test('for 1 and 2 workers and for a second run, on clean and on broken targets', async () => {
    const targets = [CLEAN[0], BROKEN[1]];
    // Two blocks: which of them are computed in bulk, and where, differs with every run.
    const budget = { runs: BLOCK_CASES + 300 };
    const one = await run(targets, { budget });
    expect(one.result.targets.map(({ findings }) => findings.length > 0)).toEqual([false, true]);
    expect(stable(await run(targets, { budget }))).toBe(stable(one));
    expect(stable(await run(targets, { budget, workers: 2 }))).toBe(stable(one));
  });
});

describe('what a run comes to', () => {
  test('nothing found: 0, with every property evaluated or explained', async () => {
    const result = await run(CLEAN);
    expect(exitStatus(result)).toBe(0);
    for (const { properties, cases } of result.result.targets) {
      expect(cases).toBe(1300);
      for (const { status, cases: judged, reason } of properties) {
        expect(status).not.toBe('violated');
        if (status === 'holds') expect(judged).toBeGreaterThan(0);
        if (status === 'not applicable') expect(reason).not.toBe('');
      }
    }
  });

  test('a finding: 1, with a case that is valid and small', async () => {
    const result = await run(BROKEN);
    expect(exitStatus(result)).toBe(1);
    for (const { findings, properties } of result.result.targets) {
      for (const finding of findings) {
        expect(validateCase(JSON.parse(JSON.stringify(finding.case)), 'x')).toEqual(finding.case);
        expect(finding.case.steps).toEqual([{ action: 'call', values: finding.scenario }]);
        expect(Object.keys(finding.scenario).length).toBeLessThanOrEqual(4);
        expect(properties.find(({ property }) => property === finding.property)?.status).toBe('violated');
      }
    }
  });

  test.each([
    ['an unmodelled symbol', madeTarget([call(external(0)), ...SOUND], { externals: ['memcpy'] }), /memcpy/],
    ['an unknown instruction', madeTarget([VADDPS, ...SOUND]), /vaddps/],
  ])('%s: 2, never a pass', async (_, target, problem) => {
    for (const workers of [1, 2]) {
      const result = await run([CLEAN[0], target], { budget: { runs: 100 }, workers });
      expect(exitStatus(result)).toBe(2);
      expect(result.result.targets[1].problem).toMatch(problem);
      expect(result.result.targets[1].properties.some(({ status }) => status === 'holds')).toBe(false);
    }
  });

  test('an unmodelled symbol on a rare path is an error as well, and findings are told all the same', async () => {
    // test $0xff..., only some cases call it; the return value is never right.
    const rare: Piece[] = [[0xf6, 0xc3, 0x07], [0x75, 5], call(external(0)), NOP, RET];
    const result = await run([madeTarget(rare, { externals: ['memcpy'] })], { budget: { runs: 500 } });
    expect(exitStatus(result)).toBe(2);
    expect(result.result.targets[0].findings.length).toBeGreaterThan(0);
  });

  test('a target of which no property says anything: 2', async () => {
    const none = await run([{ ...CLEAN[0], properties: [] }], { budget: { runs: 50 } });
    expect(exitStatus(none)).toBe(2);
    const decoded = await run([{ ...CLEAN[0], properties: ['keeps-vector-state'] }], { budget: { runs: 50 } });
    expect(decoded.result.targets[0].properties.map(({ status }) => status)).toEqual(['holds by decode']);
    const call = builtInStubs().find(({ name }) => name === 'guest-5.19/__tdx_module_call');
    if (call === undefined) throw new Error('no such target');
    const absent = await run([{ ...call, properties: ['exposes-only-arguments'] }], { budget: { runs: 50 } });
    expect(absent.result.targets[0].properties.map(({ status }) => status)).toEqual(['not applicable']);
    expect(exitStatus(absent)).toBe(2);
  });

  test('interrupted: 130, or 1 with findings, and what there is', async () => {
    let cases = 0;
    const stopped = (): boolean => cases >= 1000;
    const onProgress = (done: number): void => void (cases = done);
    const clean = await run([CLEAN[0]], { budget: { runs: 50_000 }, stopped, onProgress });
    expect([exitStatus(clean), clean.run.interrupted, clean.result.targets[0].cases]).toEqual([130, true, BLOCK_CASES]);
    cases = 0;
    const broken = await run([BROKEN[1]], { budget: { runs: 50_000 }, stopped, onProgress });
    expect([exitStatus(broken), broken.result.targets[0].cases]).toEqual([1, BLOCK_CASES]);
    // Before the first block: nothing is known, and that is no pass.
    const at = await run([CLEAN[0]], { stopped: () => true });
    expect([exitStatus(at), at.result.targets[0].cases]).toEqual([130, 0]);
  });

  test('what a rule accepts is no finding for the exit status', async () => {
    const result = await run(BROKEN, { budget: { runs: 500 }, examine: false });
    const [first, second] = result.result.targets.flatMap(({ findings }) => findings);
    expect(exitStatus(result)).toBe(1);
    first.accepted = { reason: 'known' };
    expect(exitStatus(result)).toBe(1);
    expect(second).toBeDefined();
    for (const finding of result.result.targets.flatMap(({ findings }) => findings)) finding.accepted = first.accepted;
    expect(exitStatus(result)).toBe(0);
    result.run.interrupted = true;
    expect(exitStatus(result)).toBe(130);
  });

  test('progress ends with the number of all cases', async () => {
    const seen: number[] = [];
    await run(CLEAN, { budget: { runs: 1500 }, workers: 2, onProgress: (done) => seen.push(done) });
    expect(seen.at(-1)).toBe(3000);
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
  });

  test('a time gives the same result as the number of cases that it came to', async () => {
    const timed = await run([BROKEN[1]], { budget: { milliseconds: 1 } });
    expect(stable(await run([BROKEN[1]], { budget: { runs: timed.result.runs } }))).toBe(stable(timed));
  });

  test('a target without its function is an error before anything is run', async () => {
    const target = { ...CLEAN[0], symbol: 'absent' };
    await expect(run([target], { workers: 2 })).rejects.toThrow('absent');
  });
});

describe('stored cases come first', () => {
  const name = 'missing-scrub-r10-5.19.json';
  const file = validateCase(JSON.parse(readFileSync(join(packageRoot(), 'corpus/cases', name), 'utf8')), name);
  const twin = twinTarget('missing-scrub-r10-5.19');

  test('on targets of their contract and symbol, with their name in the finding', async () => {
    const result = await run([{ ...twin, symbol: file.symbol }], { budget: { runs: 10 }, stored: [{ name, file }] });
    const [target] = result.result.targets;
    expect(target.replayed).toBe(1);
    expect(target.findings.find(({ property }) => property === file.expect?.property)?.first).toEqual({
      replayed: name,
    });
  });

  test('and stay silent on what is sound', async () => {
    const sound = await run([CLEAN[0]], {
      budget: { runs: 10 },
      stored: [{ name, file: { ...file, symbol: '__tdx_hypercall' } }],
    });
    expect(sound.result.targets[0].replayed).toBe(1);
    expect(exitStatus(sound)).toBe(0);
    const other = await run([CLEAN[1]], { budget: { runs: 10 }, stored: [{ name, file }] });
    expect(other.result.targets[0].replayed).toBe(0);
  });
});

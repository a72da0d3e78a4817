/** What is new beside a base: also where instructions moved, and never where they cannot have moved. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { exitStatus, type RunResult } from '../campaign/records/result.js';
import { removeFolder, temporaryFolder } from '../cli/run-cli.test.helper.js';
import { madeFinding, madeResult, madeTarget } from '../expect/made-result.test.helper.js';
import { resultJson } from '../report/json.js';
import { acceptKnown, compareResults, IN_BASE, readResult } from './compare.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

/** A result of one target with findings at these places of one function. */
const at = (places: readonly string[], fingerprint = '0'.repeat(64)): RunResult =>
  madeResult([
    madeTarget(
      'a/f',
      places.map((place) => madeFinding({ place })),
      { fingerprint },
    ),
  ]);
const OTHER = '1'.repeat(64);
const places = (found: readonly { place: string }[]): string[] => found.map(({ place }) => place);

describe('a finding', () => {
  test('that the base has is known; one that it has not is new; what is not found any more is gone', () => {
    const { fresh, known, gone, notes } = compareResults(at(['f+0x1', 'f+0x2']), at(['f+0x2', 'f+0x3']));
    expect([places(fresh), places(known), places(gone), notes]).toEqual([['f+0x1'], ['f+0x2'], ['f+0x3'], []]);
  });

  test('of another slot, property or target is another', () => {
    for (const change of [{ slot: 'x' }, { property: 'keeps-stack' }]) {
      const base = madeResult([madeTarget('a/f', [madeFinding(change)], { fingerprint: OTHER })]);
      expect(places(compareResults(at(['f+0x10']), base).fresh)).toEqual(['f+0x10']);
    }
    const { fresh, notes } = compareResults(at(['f+0x10']), madeResult([madeTarget('b/f', [madeFinding()])]));
    expect(places(fresh)).toEqual(['f+0x10']);
    expect(notes).toEqual(['a/f: not in the base, so that all its findings are new', '1 target of the base not run']);
  });

  test('may have moved where the code changed, each to one place, the nearest', () => {
    const { fresh, known, gone } = compareResults(at(['f+0x14', 'f+0x40', 'f+0x90'], OTHER), at(['f+0x10', 'f+0x48']));
    expect(places(fresh)).toEqual(['f+0x90']);
    expect(known.map(({ place, was }) => `${was} ${place}`)).toEqual(['f+0x10 f+0x14', 'f+0x48 f+0x40']);
    expect(gone).toEqual([]);
  });

  test('in another function has not moved', () => {
    const { fresh, gone } = compareResults(at(['g+0x10'], OTHER), at(['f+0x10']));
    expect([places(fresh), places(gone)]).toEqual([['g+0x10'], ['f+0x10']]);
  });

  test('that a rule covers is not new, and one that is known does not fail', () => {
    const now = at(['f+0x1', 'f+0x2']);
    now.result.targets[0].findings[0].accepted = { reason: 'rule' };
    const comparison = compareResults(now, at(['f+0x2']));
    expect(comparison.fresh).toEqual([]);
    const result = acceptKnown(now, comparison);
    expect(result.result.targets[0].findings.map(({ accepted }) => accepted?.reason)).toEqual(['rule', IN_BASE]);
    expect(exitStatus(result)).toBe(0);
    expect(exitStatus(acceptKnown(now, compareResults(now, at([]))))).toBe(1);
  });

  test('is not gone from a target without a verdict', () => {
    const now = madeResult([madeTarget('a/f', [], { problem: 'p' })]);
    expect(compareResults(now, at(['f+0x1'])).gone).toEqual([]);
  });
});

test('what makes the comparison less than it seems is said', () => {
  const base = at([]);
  base.result.tool = '0.9.0';
  base.run.interrupted = true;
  base.result.targets[0].contract = 'set/g';
  expect(compareResults(at([]), base).notes).toEqual([
    'the base is of tdxfuzz 0.9.0, this run of 1.0.0: findings may differ for that alone',
    'the base is not whole (interrupted): what it did not come to find counts as new',
    'a/f: contract set/f, in the base set/g',
  ]);
  base.result.targets[0].contract = 'set/f';
  base.result.targets[0].problem = 'p';
  expect(compareResults(at([]), base).notes).toContain('a/f: the base has no verdict');
});

describe('the file of the base', () => {
  const put = (text: string): void => writeFileSync(join(folder, 'result.json'), text);

  test('is read as it was written', () => {
    put(resultJson(at(['f+0x1'])));
    expect(readResult(folder)).toEqual(at(['f+0x1']));
  });

  test.each<[string, (json: Record<string, unknown>) => unknown, RegExp]>([
    [
      'of another version',
      (json) => ({ ...json, schema: 'tdxfuzz/result/9' }),
      /schema tdxfuzz\/result\/9 is not known/,
    ],
    ['with another field', (json) => ({ ...json, more: 1 }), /not a result: .*more/],
    [
      'with an enormous number',
      (json) => ({ ...json, run: { ...(json['run'] as object), workers: 1e300 } }),
      /run\.workers/,
    ],
    ['that is a list', () => [], /not a result/],
  ])('%s is one line', (_, change, wanted) => {
    put(JSON.stringify(change(JSON.parse(resultJson(at([]))) as Record<string, unknown>)));
    expect(() => readResult(folder)).toThrow(wanted);
    expect(() => readResult(folder)).toThrow(/^[^\n]*result\.json: [^\n]*$/);
  });

  test('that is not there, or cut', () => {
    expect(() => readResult(join(folder, 'none'))).toThrow(/none\/result\.json: no such file/);
    put(resultJson(at([])).slice(0, 100));
    expect(() => readResult(folder)).toThrow(/not JSON/);
  });
});

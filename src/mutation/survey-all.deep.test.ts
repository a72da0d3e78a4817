/** Every mutant of a stub tried: what comes out is the committed baseline, also of a run that was stopped. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtInStubs } from '../campaign/targets/built-in-targets.js';
import { packageRoot } from '../package-info.js';
import { readMutants } from './baseline.js';
import { MutantState } from './state.js';
import { surveyAll } from './survey-all.js';

const [SMALLEST] = builtInStubs().filter(({ name }) => name === 'guest-6.7/__tdcall');

describe('the baseline', () => {
  const baseline = readMutants(packageRoot());

  it('is what trying every mutant of the smallest stub gives', async () => {
    const surveys = await surveyAll({ targets: [SMALLEST], cases: baseline.cases });
    expect(surveys).toEqual(baseline.targets.filter(({ target }) => target === SMALLEST.name));
  });
});

describe('a run that was stopped', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-mutants-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('goes on where it was, and ends as one that was not', async () => {
    const path = join(folder, 'whole.jsonl');
    const keyOf = (): string => 'key';
    const options = { targets: [SMALLEST], cases: 20 };
    let asked = 0;
    const stopped = (): boolean => ++asked === 10;
    const state = { found: new MutantState(path), keyOf };
    expect(await surveyAll({ ...options, state, stopped })).toBeUndefined();
    // Torn by a kill, and a line of another build.
    appendFileSync(path, '\n{"key":"key","target":"guest-6.7/__tdcall","offset":10,"outc');
    const wrong = Array.from({ length: 8 }, () => ({ kind: 'survived' }));
    appendFileSync(path, `\n${JSON.stringify({ key: 'old', target: SMALLEST.name, offset: 11, outcomes: wrong })}`);
    const resumed = new MutantState(path);
    expect(resumed.get('key', SMALLEST.name, 9)).toHaveLength(8);
    expect(resumed.get('key', SMALLEST.name, 10)).toBeUndefined();
    expect(resumed.get('key', SMALLEST.name, 11)).toBeUndefined();
    const second = await surveyAll({ ...options, state: { found: resumed, keyOf } });
    expect(second).toEqual(await surveyAll(options));
    resumed.clear();
    expect(new MutantState(path).get('key', SMALLEST.name, 9)).toBeUndefined();
  });

  it('takes what was found before as it stands', async () => {
    const path = join(folder, 'known.jsonl');
    const outcomes = Array.from({ length: 8 }, () => ({ kind: 'no verdict', problem: 'planted' }));
    writeFileSync(path, JSON.stringify({ key: 'key', target: SMALLEST.name, offset: 0, outcomes }));
    const state = { found: new MutantState(path), keyOf: (): string => 'key' };
    const [planted] = (await surveyAll({ targets: [SMALLEST], cases: 5, state })) ?? [];
    const [plain] = (await surveyAll({ targets: [SMALLEST], cases: 5 })) ?? [];
    expect(planted.noVerdict).toBeGreaterThan(plain.noVerdict);
  });
});

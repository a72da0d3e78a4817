/** Results as a user renders them again, and what is no result. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../package-info.js';
import { type Outcome, removeFolder, tdxfuzz, temporaryFolder } from './run-cli.test.helper.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));
const at = (name: string): string => join(folder, name);

const TWIN = [
  join(packageRoot(), 'corpus/bugs/guest-6.4.o'),
  '--target',
  'missing_scrub_rsi=linux-6.4/__tdx_hypercall_ret',
  '--no-config',
];

let fuzzed: Outcome;
beforeAll(async () => {
  fuzzed = await tdxfuzz(['fuzz', ...TWIN, '--runs', '500', '--seed', 'r', '--out', at('run')]);
}, 120_000);

const report = (name: string, ...more: string[]): Promise<Outcome> => tdxfuzz(['report', at(name), ...more]);

describe('a result', () => {
  it('is rendered again as the run printed it', async () => {
    expect(fuzzed.status).toBe(1);
    const again = await report('run');
    expect(again.status).toBe(0);
    expect(again.stdout).toContain('finding 1 of 1: scrubs-host-values');
    const lines = (text: string): string[] =>
      text.split('\n').filter((line) => /^ {2}(rule|clause|place|>)/.test(line));
    expect(lines(again.stdout)).toEqual(lines(fuzzed.stdout));
    expect(lines(again.stdout).length).toBeGreaterThan(2);
  });

  it.each([
    ['json', /^\{\n {2}"result": \{/],
    ['junit', /^<\?xml [^]*<failure [^]*missing_scrub_rsi\+0x44/],
    ['sarif', /missing_scrub_rsi\+0x44[^]*"version": "2\.1\.0"/],
    ['markdown', /^## tdxfuzz: 1 finding\n[^]*missing_scrub_rsi\+0x44/],
  ])('as %s, from the folder and from the run itself', async (format, expected) => {
    const again = await report('run', '--format', format);
    expect(again).toMatchObject({ status: 0, stderr: '' });
    expect(again.stdout).toMatch(expected);
    const first = await tdxfuzz(['fuzz', ...TWIN, '--runs', '500', '--seed', 'r', '--format', format]);
    expect(first.status).toBe(1);
    expect(first.stdout).toMatch(expected);
  });
});

describe('what is no result gets one line and status 2, and nothing is written', () => {
  const result = (): Record<string, unknown> =>
    JSON.parse(readFileSync(join(at('run'), 'result.json'), 'utf8')) as Record<string, unknown>;
  const folderWith = (name: string, text: string | undefined): string => {
    mkdirSync(at(name), { recursive: true });
    if (text !== undefined) writeFileSync(join(at(name), 'result.json'), text);
    return name;
  };
  const first = (json: Record<string, unknown>): Record<string, unknown> =>
    (json['result'] as { targets: Record<string, unknown>[] }).targets[0];

  it.each<[string, () => string, RegExp]>([
    ['a folder that is not there', () => 'nowhere', /nowhere\/result\.json: no such file/],
    ['a folder without a result', () => folderWith('empty', undefined), /empty\/result\.json: no such file/],
    ['what is cut off', () => folderWith('cut', JSON.stringify(result()).slice(0, 999)), /not JSON.*is it truncated\?/],
    [
      'another version',
      () => folderWith('version', JSON.stringify({ ...result(), schema: 'tdxfuzz/result/9' })),
      /schema tdxfuzz\/result\/9 is not known to this version; update tdxfuzz/,
    ],
    [
      'an enormous number',
      () => {
        const json = result();
        first(json)['cases'] = 1e300;
        return folderWith('enormous', JSON.stringify(json));
      },
      /not a result: result\.targets\.0\.cases/,
    ],
    [
      'a key that nobody knows',
      () => folderWith('key', JSON.stringify({ ...result(), '<b>\u001b[31m': 1 })),
      /not a result: .*<b>\\x1b\[31m/,
    ],
    [
      'no listings for HTML',
      () => folderWith('bare', readFileSync(join(at('run'), 'result.json'), 'utf8')),
      /bare\/listings\.json: no such file/,
    ],
  ])('%s', async (_, make, message) => {
    const outcome = await report(make(), '--format', 'html', '--out', at('never.html'));
    expect(outcome).toMatchObject({ status: 2, stdout: '' });
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(existsSync(at('never.html'))).toBe(false);
  });

  it('a case in it that reaches for a path stays a text', async () => {
    const json = result();
    const finding = (first(json)['findings'] as { property: string; case: { target: string; expect: object } }[])[0];
    finding.property = '../../evil';
    finding.case.target = '../../<img src=x onerror=alert(1)>';
    finding.case.expect = { ...finding.case.expect, property: '../../evil' };
    writeFileSync(
      join(at(folderWith('hostile', JSON.stringify(json))), 'listings.json'),
      readFileSync(join(at('run'), 'listings.json')),
    );
    const before = readdirSync(folder).sort();
    for (const format of ['junit', 'sarif', 'markdown', 'html', 'table']) {
      const outcome = await report('hostile', '--format', format, '--no-requirements');
      // A finding that does not repeat under its name is refused; a format that runs nothing escapes it.
      expect([0, 2], format).toContain(outcome.status);
      if (format !== 'sarif' && format !== 'table') expect(outcome.stdout).not.toContain('<img src=x');
    }
    expect(readdirSync(folder).sort()).toEqual(before);
  });

  it('a state or a place for results that leads elsewhere is refused or used as it is, never followed by name', async () => {
    writeFileSync(at('plain'), '');
    symlinkSync('/proc/self', at('link'));
    for (const args of [
      ['merge', at('run'), '--out', join(at('plain'), 'x')],
      ['fuzz', ...TWIN, '--runs', '10', '--out', join(at('link'), 'x')],
      ['nightly', ...TWIN, '--time', '1s', '--state', join(at('link'), 'x')],
    ]) {
      const outcome = await tdxfuzz(args);
      expect(outcome.status, args[0]).toBe(2);
      expect(outcome.stderr).toMatch(/^tdxfuzz: --(out|state) \S+: cannot write there \(\w+\); name a folder/);
    }
  });
});

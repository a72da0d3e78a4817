/** What a project's own files may have wrong: each is one line and status 2 before anything is run, and nothing is written. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../package-info.js';
import {
  BROKEN_TDCALL,
  objectWith,
  type Outcome,
  put,
  removeFolder,
  SOUND_TDCALL,
  tdxfuzz,
  temporaryFolder,
} from './run-cli.test.helper.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));
const SOUND_OBJECT = objectWith('__tdcall', SOUND_TDCALL);
const inside = (cwd: string, ...args: string[]): Promise<Outcome> => tdxfuzz(args, { cwd });

describe.concurrent('what cannot be used is one line and status 2, and nothing is written', () => {
  let stored = '';
  beforeAll(async () => {
    const own = join(folder, 'source');
    mkdirSync(own);
    put(own, 'my.o', objectWith('__tdcall', BROKEN_TDCALL));
    await inside(own, 'gate', 'my.o', '--contract', 'linux-6.7', '--runs', '200');
    const [name] = readdirSync(join(own, 'tdxfuzz-out/findings'));
    stored = readFileSync(join(own, 'tdxfuzz-out/findings', name, 'case.json'), 'utf8');
  });

  const targets = `targets: [{ image: 'my.o' }]`;
  const config = (text: string): Record<string, string> => ({ 'tdxfuzz.config.ts': text });
  const rules = (value: unknown): Record<string, string> => ({ 'tdxfuzz/expect.json': JSON.stringify(value) });
  const rule = { target: '*', property: 'keeps-stack', slot: 'x', reason: 'r' };

  test.each<[string, Record<string, string>, RegExp, string[]?]>([
    ['a configuration that is cut', config('export default { targets: ['), /tdxfuzz\.config\.ts:1:\d+: ParseError/],
    ['one that throws', config('\n\nthrow new Error("two\\nlines");'), /tdxfuzz\.config\.ts:3:\d+: two; mend it/],
    ['one that throws null', config('throw null;'), /tdxfuzz\.config\.ts: threw no Error/],
    [
      'one that calls what is not there',
      config('import { nope } from "tdxfuzz";\nexport default nope();'),
      /config\.ts:2:\d+: .*nope/,
    ],
    ['one that imports what is not there', config('import "./gone.js";'), /config\.ts:1:\d+: Cannot find module/],
    ['one that exports nothing', config('export const a = 1;'), /config\.ts: a: no such setting/],
    [
      'two of them',
      { 'tdxfuzz.config.json': '{}' },
      /tdxfuzz\.config\.mjs and tdxfuzz\.config\.json: two configurations; remove one, or name one with --config/,
    ],
    ['one that ends the process', config('process.exit(0);'), /config\.ts: ended the process while it was loaded/],
    ['one that exports a number', config('export default 5;'), /config\.ts: exports no configuration/],
    [
      'an unknown setting',
      config('export default { worker: 1 };'),
      /config\.ts: worker: no such setting; nearest: workers/,
    ],
    [
      'one of a target',
      config(`export default { targets: [{ imgae: 'my.o' }] };`),
      /targets\.0\.imgae|targets\.0\.image/,
    ],
    ['one of the gate', config(`export default { gate: { run: 5 } };`), /gate\.run: no such setting; nearest: runs/],
    ['an enormous number', config(`export default { gate: { runs: 1e300 } };`), /config\.ts: gate\.runs: /],
    ['not a number', config(`export default { workers: NaN };`), /config\.ts: workers: /],
    [
      'a getter that throws',
      config(`export default { get workers() { throw new Error('got'); } };`),
      /config\.ts:1:\d+: got/,
    ],
    [
      'an image that is not there',
      config(`export default { targets: [{ image: 'gone.o' }] };`),
      /config\.ts: targets\.0: gone\.o: no such file/,
    ],
    [
      'an unknown contract',
      config(`export default { targets: [{ image: 'my.o', contract: 'linux-6.8x' }] };`),
      /targets\.0: no contract set linux-6\.8x; nearest/,
    ],
    [
      'a contract that is none',
      config(`export default { targets: [{ image: 'my.o', contract: { name: 'x' } }] };`),
      /config\.ts: targets\.0: contract: /,
    ],
    [
      'two targets of one name',
      config(`export default { targets: [1, 2].map(() => ({ image: 'my.o', contract: 'linux-6.7' })) };`),
      /targets\.1: another target is called/,
    ],
    [
      'results outside of the project',
      config(`export default { ${targets}, out: '../outside' };`),
      /config\.ts: out: \.\.\/outside lies outside/,
    ],
    [
      'rules outside of it',
      config(`export default { ${targets}, expect: '/tmp/x/expect.json' };`),
      /config\.ts: expect: .* lies outside/,
    ],
    [
      'cases outside of it',
      config(`export default { ${targets}, cases: 'a/../../b' };`),
      /config\.ts: cases: .* lies outside/,
    ],
    [
      'control characters in a setting',
      config(`export default { '\\x1b[2J<b>': 1 };`),
      /config\.ts: \\x1b\[2J<b>: no such setting/,
    ],
    ['a configuration that is not there', {}, /gone\.ts: no such file/, ['--config', 'gone.ts']],
    ['a device for a configuration', {}, /\/dev\/zero: not a regular file/, ['--config', '/dev/zero']],
    [
      'JSON that is cut',
      { 'tdxfuzz.config.json': '{ "targets": [' },
      /tdxfuzz\.config\.json: not JSON/,
      ['--config', 'tdxfuzz.config.json'],
    ],
    [
      'rules of another version',
      rules({ schema: 'tdxfuzz/expect/9', rules: [] }),
      /tdxfuzz\/expect\.json: schema tdxfuzz\/expect\/9 is not known/,
    ],
    [
      'a rule without a reason',
      rules({ schema: 'tdxfuzz/expect/1', rules: [{ ...rule, reason: '' }] }),
      /expect\.json: .*rules\.0\.reason/,
    ],
    [
      'a rule of an unknown property',
      rules({ schema: 'tdxfuzz/expect/1', rules: [{ ...rule, property: 'keeps-stak' }] }),
      /rules\.0\.property: no property keeps-stak; nearest: keeps-stack/,
    ],
    ['rules that are not there', {}, /rules\.json: no such file/, ['--expect', 'rules.json']],
    [
      'a broken case among the stored ones',
      { 'tdxfuzz/cases/bad.json': '{ "schema": "tdxfuzz/case/1"' },
      /tdxfuzz\/cases\/bad\.json: not JSON/,
    ],
    ['a file for the folder of cases', { 'tdxfuzz/cases': '' }, /tdxfuzz\/cases: no folder of cases/],
    ['a base that is not there', {}, /gone\/result\.json: no such file/, ['--new-only', 'gone']],
    [
      'a base that is no result',
      { 'base/result.json': '{"schema":"tdxfuzz/result/2"}' },
      /base\/result\.json: not a result: /,
      ['--new-only', 'base'],
    ],
    [
      'a base of a version before',
      { 'base/result.json': '{"schema":"tdxfuzz/result/1"}' },
      /base\/result\.json: schema tdxfuzz\/result\/1 is not known to this version; run it again with this version/,
      ['--new-only', 'base'],
    ],
    ['an unknown target', {}, /--target __tdcal matches no target; nearest: __tdcall/, ['--target', '__tdcal']],
    ['a binding without an image', {}, /--target a=b\/c: a binding needs an IMAGE/, ['--target', 'a=b/c']],
    ['too many runs', {}, /--program-runs .*whole number/, ['--program-runs', '1e99']],
  ])('%s', async (name, files, wanted, args = []) => {
    const own = join(folder, `bad ${name}`);
    mkdirSync(own);
    put(own, 'my.o', SOUND_OBJECT);
    if (!('tdxfuzz.config.ts' in files))
      put(own, 'tdxfuzz.config.mjs', `export default { ${targets}, gate: { runs: 50 }, workers: 1 };`);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(own, path, '..'), { recursive: true });
      put(own, path, text);
    }
    const before = readdirSync(own, { recursive: true });
    refused(await inside(own, 'gate', ...args), wanted);
    expect(readdirSync(own, { recursive: true })).toEqual(before);
    expect(existsSync(join(folder, 'outside'))).toBe(false);
  });

  test.each<[string, (file: Record<string, unknown>) => unknown, RegExp]>([
    [
      'a case that expects nothing',
      (file) => ({ ...file, expect: null }),
      /: the case expects no violation, so that there is nothing to accept/,
    ],
    [
      'a case of a later version',
      (file) => ({ ...file, schema: 'tdxfuzz/case/3' }),
      /schema tdxfuzz\/case\/3 is not known/,
    ],
    [
      'a case of an unknown property',
      (file) => ({ ...file, expect: { ...(file['expect'] as object), property: '../\x1b<b>' } }),
      /expect\.property: no property \.\.\/\\x1b<b>/,
    ],
  ])('accept of %s', async (name, change, wanted) => {
    const own = join(folder, `accept ${name}`);
    mkdirSync(own);
    // A finding's folder stands for its case.
    mkdirSync(join(own, 'finding'));
    put(own, 'finding/case.json', JSON.stringify(change(JSON.parse(stored) as Record<string, unknown>)));
    refused(await inside(own, 'accept', 'finding', '--reason', 'r'), wanted);
    expect(readdirSync(own)).toEqual(['finding']);
  });

  test('a stored case with values that the contract has no place for is named before the run', async () => {
    const own = join(folder, 'no-place');
    const file = JSON.parse(
      readFileSync(join(packageRoot(), 'corpus/cases/dispatcher-map-gpa-wraps.json'), 'utf8'),
    ) as Record<string, unknown>;
    mkdirSync(join(own, 'tdxfuzz/cases'), { recursive: true });
    put(own, 'tdxfuzz/cases/odd.json', JSON.stringify({ ...file, story: [{ action: 'dance', values: {} }] }));
    const dispatcher = join(packageRoot(), 'corpus/targets/dispatcher-7.3.o');
    const args = ['gate', dispatcher, '--contract', 'kvm-7.3', '--runs', '10'];
    refused(await inside(own, ...args), /odd\.json: steps\.0: no action dance/);
  });
});

function refused({ status, stdout, stderr }: Outcome, wanted: RegExp): void {
  expect(stderr).not.toMatch(/\n {4}at |internal error/);
  expect(stderr).toMatch(wanted);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stdout).toBe('');
  expect(status).toBe(2);
}

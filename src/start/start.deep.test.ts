/** The start of the tool: what was compiled before is used again, and nothing depends on it. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Outcome, removeFolder, run, temporaryFolder } from '../cli/run-cli.test.helper.js';
import { packageRoot } from '../package-info.js';

const folder = temporaryFolder();
const bundle = join(folder, 'dist/bundle');
const caches = join(bundle, `cache-${process.version}-${process.arch}`);

beforeAll(() => {
  const isCache = (path: string): boolean => /bundle[\\/]cache-/.test(path);
  for (const part of ['package.json', 'corpus', 'dist'])
    cpSync(join(packageRoot(), part), join(folder, part), { recursive: true, filter: (path) => !isCache(path) });
  symlinkSync(join(packageRoot(), 'node_modules'), join(folder, 'node_modules'));
});
afterAll(() => removeFolder(folder));
beforeEach(() => rmSync(caches, { recursive: true, force: true }));

const LIST = ['list', 'contracts'];
const start = (args: readonly string[]): Promise<Outcome> =>
  run(process.execPath, [join(folder, 'dist/src/start/main.cjs'), ...args], { cwd: folder });

describe('the code cache', () => {
  test('is made by the first run of a command, taken by the second, and left as it is', async () => {
    const first = await start(LIST);
    expect([first.status, first.stderr]).toEqual([0, '']);
    const made = readdirSync(join(caches, 'list'));
    expect(made).toEqual(expect.arrayContaining([expect.stringMatching(/^main-.*\.cjs$/)]));
    // Every part of it was compiled by this very version: V8 would reject it otherwise, and it would be written again.
    const bytes = made.map((name) => readFileSync(join(caches, 'list', name)));
    expect(await start(LIST)).toEqual(first);
    expect(
      made.map((name) => readFileSync(join(caches, 'list', name)).equals(bytes[made.indexOf(name)])),
    ).not.toContain(false);
  }, 60_000);

  test('that is damaged is made again', async () => {
    const first = await start(LIST);
    const made = readdirSync(join(caches, 'list'));
    for (const name of made) writeFileSync(join(caches, 'list', name), 'no code');
    expect(await start(LIST)).toEqual(first);
    for (const name of made) expect(readFileSync(join(caches, 'list', name)).length).toBeGreaterThan(100);
  }, 60_000);

  test('that cannot be written is done without', async () => {
    const first = await start(LIST);
    rmSync(caches, { recursive: true });
    writeFileSync(caches, '');
    expect(await start(LIST)).toEqual(first);
  }, 60_000);

  test('has no name from the command line but that of a command', async () => {
    const { status } = await start(['../../../escaped']);
    expect(status).toBe(2);
    expect(readdirSync(caches)).toEqual(['other']);
  }, 60_000);
});

test('a package that was not built to its end says so in one line', async () => {
  const entries = join(bundle, 'entries.json');
  const text = readFileSync(entries);
  rmSync(entries);
  const { status, stderr } = await start(['--version']);
  writeFileSync(entries, text);
  expect([status, stderr]).toEqual([3, 'tdxfuzz: the package is not built: npm run build\n']);
}, 60_000);

test('workers are started from the bundle, and say the same as one thread', async () => {
  const fuzz = (workers: string): Promise<Outcome> => {
    const args = [
      'fuzz',
      'corpus/targets/dispatcher-7.3.o',
      '--contract',
      'kvm-7.3',
      '--runs',
      '20000',
      '--seed',
      'start',
      '--format',
      'json',
    ];
    return start([...args, '--workers', workers, '--out', join(folder, `out-${workers}`)]);
  };
  const two = await fuzz('2');
  expect([two.status, two.stderr]).toEqual([0, '']);
  const targets = (text: string): unknown => (JSON.parse(text) as { targets: unknown }).targets;
  expect(targets(two.stdout)).toEqual(targets((await fuzz('1')).stdout));
}, 120_000);

test('a configuration has the package that runs, also from the bundle', async () => {
  const project = join(folder, 'project');
  mkdirSync(project);
  const file = join(project, 'tdxfuzz.config.ts');
  writeFileSync(
    file,
    `import { defineConfig } from 'tdxfuzz';\nexport default defineConfig({ targets: [{ image: ${JSON.stringify(join(packageRoot(), 'corpus/targets/guest-6.7.o'))}, runs: 100 }] });\n`,
  );
  const { status, stdout, stderr } = await start(['fuzz', '--config', file, '--out', join(folder, 'out-config')]);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain('__tdcall_saved_ret');
}, 60_000);

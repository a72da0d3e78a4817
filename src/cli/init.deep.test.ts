/** `tdxfuzz init` from the outside. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { packageRoot } from '../package-info.js';
import { removeFolder, tdxfuzz, temporaryFolder } from './run-cli.test.helper.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));
const idiom = (name: string): string => join(packageRoot(), 'corpus/idioms', name);
const init = (...args: string[]) => tdxfuzz(['init', '--runs', '200', ...args], { cwd: folder });

describe('a project that has nothing yet', () => {
  it('gets a configuration that a gate runs with', async () => {
    const { status, stdout, stderr } = await init(idiom('many-parameters.o'), '--target', 'all_registers');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('convention   System V, around TDCALL');
    expect(stdout).toContain('both may have the same mistake');
    expect(stdout).toContain('next: npx tdxfuzz gate');
    const run = await tdxfuzz(['fuzz', '--runs', '50', '--quiet'], { cwd: folder });
    expect([run.status, run.stderr]).toEqual([0, '']);
    expect(run.stdout).toContain('nothing found in 50 cases on 1 target');
  });

  it('is not overwritten, but by --force', async () => {
    const again = await init(idiom('many-parameters.o'), '--target', 'all_registers');
    expect(again.status).toBe(2);
    expect(again.stderr).toBe(
      'tdxfuzz: tdxfuzz.config.ts: there already, so that nothing is written; --force replaces files, --out DIR writes elsewhere\n',
    );
    expect((await init(idiom('many-parameters.o'), '--target', 'all_registers', '--force')).status).toBe(0);
  });

  it('is bound by the path of its contracts, or by their name', async () => {
    const image = idiom('many-parameters.o');
    const file = 'tdxfuzz/contracts.json';
    const fuzz = (...args: string[]) =>
      tdxfuzz(['fuzz', image, '--runs', '20', '--no-config', '--quiet', ...args], { cwd: folder });
    expect((await fuzz('--target', `all_registers=${file}/all_registers`)).status).toBe(0);
    expect((await fuzz('--contract', file)).status).toBe(0);
    expect((await fuzz('--contract', file, '--target', 'all_registers=many-parameters/all_registers')).status).toBe(0);
    const swapped = await fuzz('--contract', file, '--target', 'all_registers_swapped=many-parameters/all_registers');
    expect(swapped.status).toBe(1);
  });
});

test('a finding of the trial run is an exit status of 1, and written down', async () => {
  const { status, stdout } = await init(idiom('results.o'), '--target', 'shared', '--out', 'results');
  expect(status).toBe(1);
  expect(stdout).toContain('the code is wrong, or the proposal is');
  expect(readFileSync(join(folder, 'results/tdxfuzz.config.ts'), 'utf8')).toContain('// found: scrubs-host-values');
});

test('--dry-run writes nothing; a folder .github asks for a workflow', async () => {
  mkdirSync(join(folder, 'dry/.github'), { recursive: true });
  const { status, stdout } = await init(
    idiom('many-parameters.o'),
    '--target',
    'all_registers',
    '--out',
    'dry',
    '--dry-run',
  );
  expect(status).toBe(0);
  expect(stdout).toContain('--- dry/.github/workflows/tdxfuzz.yml');
  expect(existsSync(join(folder, 'dry/tdxfuzz.config.ts'))).toBe(false);
});

describe('bad input is one line and an exit status of 2', () => {
  writeFileSync(join(folder, 'text.o'), 'no object');
  it.each([
    ['no such file', ['absent.o'], /^tdxfuzz: .*absent\.o.*\n$/],
    ['no image', ['text.o'], /^tdxfuzz: .*text\.o.*\n$/],
    [
      'no such function',
      [idiom('results.o'), '--target', 'shard'],
      /^tdxfuzz: --target shard matches no function.*shared.*\n$/,
    ],
    ['twice', [idiom('results.o'), idiom('results.o')], /^tdxfuzz: .*named twice.*\n$/],
    ['no TDCALL', ['dead.o'], /^tdxfuzz: .*\n$/],
  ])('%s', async (_, args, message) => {
    const { status, stderr } = await init(...args, '--out', 'bad');
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
    expect(existsSync(join(folder, 'bad'))).toBe(false);
  });
});

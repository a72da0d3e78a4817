/** Findings of earlier runs in a folder of results: what is mended moves away, with the run that says so. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
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

const build = (code: readonly number[], symbol = '__tdcall'): string =>
  put(folder, 'tdcall.o', objectWith(symbol, code));
const ARGS = ['tdcall.o', '--no-config', '--quiet'];
const fuzz = (...more: string[]): Promise<Outcome> =>
  tdxfuzz(['fuzz', ...ARGS, '--contract', 'linux-6.7', '--runs', '400', ...more], { cwd: folder });
const inFolder = (...names: string[]): string[] => {
  const path = join(folder, ...names);
  return existsSync(path) ? readdirSync(path) : [];
};

describe('the default folder', () => {
  it('has what stands, and below fixed/ what a later build mended', async () => {
    build(BROKEN_TDCALL);
    expect((await fuzz()).status).toBe(1);
    const [name] = inFolder('tdxfuzz-out', 'findings');
    expect(name).toMatch(/^marshals-arguments-/);
    build(SOUND_TDCALL);
    const { status, stderr } = await fuzz();
    expect(status).toBe(0);
    expect(stderr).toBe('tdxfuzz: 1 finding of earlier runs gone: moved to tdxfuzz-out/fixed\n');
    expect(inFolder('tdxfuzz-out', 'findings')).toEqual([]);
    expect(inFolder('tdxfuzz-out', 'fixed')).toEqual([name]);
    const said = JSON.parse(readFileSync(join(folder, 'tdxfuzz-out/fixed', name, 'fixed.json'), 'utf8')) as object;
    expect(said).toMatchObject({ schema: 'tdxfuzz/fixed/1', verdict: 'fixed' });
    const result = readFileSync(join(folder, 'tdxfuzz-out/result.json'), 'utf8');
    expect(result).not.toContain('marshals-arguments: ');
  });

  it('keeps what is still broken, though a run was too short to come upon it', async () => {
    build(BROKEN_TDCALL);
    expect((await fuzz('--out', 'short')).status).toBe(1);
    const names = inFolder('short', 'findings');
    const { status, stderr } = await fuzz('--out', 'short', '--property', 'returns-status');
    expect(status).toBe(0);
    expect(stderr).toContain('1 finding of earlier runs in short/findings still broken');
    expect(inFolder('short', 'findings')).toEqual(names);
  });

  it('moves findings of a target that was not run out of the way', async () => {
    build(BROKEN_TDCALL);
    expect((await fuzz('--out', 'other')).status).toBe(1);
    build(SOUND_TDCALL, '__tdcall_ret');
    const { stderr } = await fuzz('--out', 'other');
    expect(stderr).toContain('that this one says nothing of: moved to other/earlier');
    expect(inFolder('other', 'earlier')[0]).toMatch(/^marshals-arguments-/);
    expect(inFolder('other', 'findings').some((name) => name.startsWith('marshals-arguments-'))).toBe(false);
  });
});

/** Output that cannot be written, and input that never ends. */
import { closeSync, existsSync, openSync, symlinkSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../package-info.js';
import { objectWith, put, removeFolder, SOUND_TDCALL, tdxfuzz, temporaryFolder } from './run-cli.test.helper.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));
symlinkSync('/dev/zero', join(folder, 'zero.json'));
const image = put(folder, 'tdcall.o', objectWith('__tdcall', SOUND_TDCALL));
const MAIN = join(packageRoot(), 'dist/src/start/main.cjs');
const FULL = '/dev/full';
const FUZZ = [
  'fuzz',
  image,
  '--contract',
  'linux-6.7',
  '--runs',
  '100',
  '--no-config',
  '--quiet',
  '--out',
  join(folder, 'out'),
];

/** Runs the tool with one stream on a device that takes nothing. */
function withFull(args: readonly string[], stream: 1 | 2): { status: number | null; other: string } {
  const full = openSync(FULL, 'w');
  try {
    const stdio = ['ignore', stream === 1 ? full : 'pipe', stream === 2 ? full : 'pipe'] as const;
    const { status, output } = spawnSync(process.execPath, [MAIN, ...args], { stdio: [...stdio], encoding: 'utf8' });
    return { status, other: output[3 - stream] ?? '' };
  } finally {
    closeSync(full);
  }
}

describe.skipIf(!existsSync(FULL))('a full disk', () => {
  it.each([
    ['fuzz', FUZZ],
    ['a format', [...FUZZ, '--format', 'json']],
    ['list', ['list']],
    ['help', ['--help']],
    ['the version', ['--version']],
  ])('%s: 3 and one line', (_, args) => {
    expect(withFull(args, 1)).toEqual({
      status: 3,
      other: 'tdxfuzz: stdout: cannot be written (ENOSPC); give the output another place\n',
    });
  });

  it('the verdict stands where progress cannot be written', () => {
    expect(withFull(FUZZ, 2)).toMatchObject({
      status: 0,
      other: expect.stringContaining('nothing found in 100 cases'),
    });
  });
});

describe.skipIf(!existsSync('/dev/zero'))('a device without an end', () => {
  it.each([
    ['replay', ['replay', '/dev/zero']],
    ['keep', ['keep', '/dev/zero']],
    ['accept', ['accept', '/dev/zero', '--reason', 'none']],
    ['verify', ['verify', '/dev/zero']],
    ['merge', ['merge', '/dev/zero', '--out', join(folder, 'merged')]],
    ['a contract', ['fuzz', image, '--contract', join(folder, 'zero.json'), '--no-config']],
  ])('%s: 2 and one line', async (_, args) => {
    const { status, stdout, stderr } = await tdxfuzz(args, { limit: 20_000 });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^tdxfuzz: [^\n]+\n$/);
  });
});

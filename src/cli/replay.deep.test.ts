/** A saved finding is all that a replay needs; a new build is judged by it. */
import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../package-info.js';
import {
  BROKEN_TDCALL,
  objectWith,
  put,
  removeFolder,
  SOUND_TDCALL,
  tdxfuzz,
  temporaryFolder,
} from './run-cli.test.helper.js';

const folder = temporaryFolder();
/** Holds the case file and nothing else. */
const alone = temporaryFolder();
afterAll(() => [folder, alone].forEach(removeFolder));

beforeAll(async () => {
  const broken = put(folder, 'broken.o', objectWith('__tdcall', BROKEN_TDCALL));
  await tdxfuzz(['fuzz', broken, '--runs', '500', '--seed', 'r', '--out', join(folder, 'out')]);
  const [name] = readdirSync(join(folder, 'out/findings'));
  copyFileSync(join(folder, 'out/findings', name, 'case.json'), join(alone, 'case.json'));
  removeFolder(folder);
});

const replay = (...args: string[]): ReturnType<typeof tdxfuzz> =>
  tdxfuzz(['replay', 'case.json', ...args], { cwd: alone });

describe('replay', () => {
  test('from the file alone: reproduced, with the same trace', async () => {
    const { status, stdout, stderr } = await replay();
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^violation 1 of 1: marshals-arguments/m);
    expect(stdout).toContain('the trace is identical to the stored one');
    expect(stdout).toMatch(/\breproduced\n$/);
    expect(status).toBe(1);
    const json = JSON.parse((await replay('--format', 'json')).stdout) as Record<string, unknown>;
    expect(json).toMatchObject({ verdict: 'reproduced', traceIdentical: true });
  });

  test('says what its contract takes for granted', async () => {
    const stored = join(packageRoot(), 'corpus/cases/seam-missing-scrub-rdx-6.7.json');
    expect((await tdxfuzz(['replay', stored])).stdout).toMatch(/^ {2}assumes no-rbp-mod: the TD has NO_RBP_MOD/m);
    expect((await replay()).stdout).not.toContain('assumes');
  });

  test('of a new build: the fixed one is fixed, the broken one still broken, also under another name', async () => {
    put(alone, 'fixed.o', objectWith('__tdcall', SOUND_TDCALL));
    put(alone, 'moved.o', objectWith('__tdcall', [0xf3, 0x0f, 0x1e, 0xfa, ...BROKEN_TDCALL]));
    put(alone, 'renamed.o', objectWith('renamed', BROKEN_TDCALL));
    const fixed = await replay('--image', 'fixed.o');
    expect(fixed.stdout).toMatch(/\bfixed\n$/);
    expect(fixed.status).toBe(0);
    const moved = await replay('--image', 'moved.o');
    expect(moved.stdout).toMatch(/\bstill broken\n$/);
    expect(moved.status).toBe(1);
    const renamed = await replay('--image', 'renamed.o', '--symbol', 'renamed');
    expect(renamed.stdout).toMatch(/\bstill broken\n$/);
    const unnamed = await replay('--image', 'renamed.o');
    expect(unnamed.stderr).toMatch(/^tdxfuzz: renamed\.o: no function "__tdcall".*\n$/);
    expect(unnamed.status).toBe(2);
  });

  test('for git bisect: 0 fixed, 1 still broken, 125 for what cannot be said', async () => {
    put(alone, 'fixed.o', objectWith('__tdcall', SOUND_TDCALL));
    put(alone, 'broken.o', objectWith('__tdcall', BROKEN_TDCALL));
    put(alone, 'other.o', objectWith('other', SOUND_TDCALL));
    const statuses = ['fixed.o', 'broken.o', 'other.o', 'missing.o'].map(async (name) => {
      const { status, stderr } = await replay('--bisect', '--image', name);
      return [name, status, stderr.split('\n').length];
    });
    expect(await Promise.all(statuses)).toEqual([
      ['fixed.o', 0, 1],
      ['broken.o', 1, 1],
      ['other.o', 125, 2],
      ['missing.o', 125, 2],
    ]);
    expect((await replay('--bisect')).status).toBe(2);
  });

  test('of a build that never calls: no longer reached', async () => {
    put(alone, 'returns.o', objectWith('__tdcall', [0x31, 0xc0, 0xc3]));
    const { stdout } = await replay('--image', 'returns.o', '--format', 'json');
    expect(JSON.parse(stdout)).toMatchObject({ end: 'returned' });
    expect((JSON.parse(stdout) as { verdict: string }).verdict).not.toBe('fixed');
  });
});

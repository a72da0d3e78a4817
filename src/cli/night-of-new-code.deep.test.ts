/** A night goes on with code that has changed; `nightly.deep.test.ts` kills, damages and interrupts them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../campaign/records/result.js';
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
afterAll(() => removeFolder(folder));
const state = join(folder, 'state');

const night = (time: string, ...more: string[]): string[] => [
  'nightly',
  '--state',
  state,
  '--time',
  time,
  '--workers',
  '1',
  '--verbose',
  ...more,
];
/** Cases that the last night replayed on its first target. */
const replayed = (): number | undefined =>
  (JSON.parse(readFileSync(join(state, 'result.json'), 'utf8')) as RunResult).result.targets[0].replayed;

describe('a night', () => {
  it('follows the code: what changed is replayed and fuzzed first, and what is gone is said', async () => {
    const build = (code: readonly number[]): string => put(folder, 'mine.o', objectWith('__tdcall', code));
    const object = build(BROKEN_TDCALL);
    const args = [object, '--contract', 'linux-6.7'];
    const broken = await tdxfuzz([...night('2s', '--seed', 'f'), ...args]);
    expect(broken.status).toBe(1);
    build(SOUND_TDCALL);
    const fixed = await tdxfuzz([...night('2s'), ...args]);
    expect(fixed.status).toBe(0);
    expect(fixed.stderr).toMatch(/__tdcall: gone with the new code: marshals-arguments at __tdcall\+0x/);
    expect(fixed.stderr).toMatch(/__tdcall: changed since the last night; it is fuzzed first/);
    expect(replayed()).toBeGreaterThan(0);
    // Back again: everything that was known of this build counts again.
    build(BROKEN_TDCALL);
    const again = await tdxfuzz([...night('1s'), ...args]);
    expect(again.status).toBe(1);
    expect(again.stderr).not.toContain('changed since');
  });
});

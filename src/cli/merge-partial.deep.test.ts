/** A merge that lacks shards says which, first and in every format, and passes nothing. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BLOCK_CASES } from '../campaign/blocks/block.js';
import { resultSchema } from '../campaign/records/result.js';
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
const at = (name: string): string => join(folder, name);

const SHARDS = 4;
const RUN = ['--contract', 'linux-6.7', '--runs', `${SHARDS * BLOCK_CASES}`, '--seed', 's', '--workers', '1'];
const names = (kind: string, ...indexes: number[]): string[] => indexes.map((index) => at(`${kind}-${index}`));
const merge = (...args: string[]): Promise<Outcome> => tdxfuzz(['merge', ...args, '--partial', '--out', at('merged')]);
const WHICH = 'incomplete: shards 1, 3 of 4 missing';

beforeAll(async () => {
  for (const [kind, code] of [
    ['sound', SOUND_TDCALL],
    ['broken', BROKEN_TDCALL],
  ] as const) {
    const image = put(folder, `${kind}.o`, objectWith('__tdcall', code));
    for (const index of kind === 'sound' ? [0, 1, 2, 3] : [0, 2])
      await tdxfuzz(['fuzz', image, ...RUN, '--shard', `${index}/${SHARDS}`, '--out', at(`${kind}-${index}`)]);
  }
});

describe('without two of its shards', () => {
  it('a merge that found nothing says so first, and ends with 3', async () => {
    const { status, stdout, stderr } = await merge(...names('sound', 0, 2));
    expect(stdout.split('\n')[0]).toBe(WHICH);
    expect(stdout).toMatch(new RegExp(`^${WHICH}, nothing found in 10,000 cases on 1 target`, 'm'));
    expect({ status, stderr }).toEqual({ status: 3, stderr: '' });
    expect(resultSchema.parse(JSON.parse(readFileSync(join(at('merged'), 'result.json'), 'utf8'))).run.missing).toEqual(
      {
        shards: [1, 3],
        of: 4,
      },
    );
  });

  it('one with a finding says it too, and ends with 1', async () => {
    const { status, stdout } = await merge(...names('broken', 0, 2));
    expect(stdout.split('\n')[0]).toBe(WHICH);
    expect(stdout).toMatch(new RegExp(`^${WHICH}, 1 finding in`, 'm'));
    expect(status).toBe(1);
  });

  it('it is told beside what programs read, and by the report of the merged folder', async () => {
    const json = await merge(...names('sound', 0, 2), '--format', 'json');
    expect(json.status).toBe(3);
    expect(json.stderr).toContain(`tdxfuzz: ${WHICH}\n`);
    expect(JSON.parse(json.stdout)).toMatchObject({ run: { missing: { shards: [1, 3], of: 4 } } });
    for (const format of ['table', 'junit', 'sarif', 'markdown', 'html']) {
      const { stdout } = await tdxfuzz(['report', at('merged'), '--format', format, '--no-requirements']);
      expect(stdout, format).toMatch(/incomplete: shards 1, 3 of 4 missing/i);
    }
  });

  it('what is merged later makes it whole', async () => {
    await merge(...names('sound', 0, 2));
    cpSync(at('merged'), at('part'), { recursive: true });
    const { status, stdout } = await tdxfuzz(['merge', at('part'), ...names('sound', 1, 3), '--out', at('merged')]);
    expect(stdout).not.toContain('incomplete');
    expect(status).toBe(0);
  });
});

describe('an empty folder of a shard is a missing shard', () => {
  it.each<[string, (path: string) => void, RegExp]>([
    ['with nothing in it', () => undefined, /^tdxfuzz: \S+: no records there: its shard counts as missing\n$/],
    ['with a file of records that nobody wrote to', (path) => put(path, 'records-3-of-4.jsonl', ''), /^$/],
    ['with what a killed process left', (path) => writeFileSync(join(path, 'lock'), '{}'), /no records there/],
  ])('%s', async (name, fill, told) => {
    const path = at(name.replaceAll(' ', '-'));
    mkdirSync(path);
    fill(path);
    const { status, stdout, stderr } = await merge(...names('sound', 0, 1, 2), path);
    expect(stdout.split('\n')[0]).toBe('incomplete: shard 3 of 4 missing');
    expect(stderr).toMatch(told);
    expect(status).toBe(3);
  });

  it('without --partial, and where nothing is there at all, it is refused', async () => {
    mkdirSync(at('empty'));
    const whole = await tdxfuzz(['merge', ...names('sound', 0, 1, 2), at('empty'), '--out', at('never')]);
    expect(whole).toMatchObject({ status: 2, stdout: '' });
    expect(whole.stderr).toMatch(/empty: no records there/);
    const missing = await tdxfuzz(['merge', ...names('sound', 0, 2), '--out', at('never')]);
    expect(missing.stderr).toBe('tdxfuzz: shards 1, 3 of 4 are missing; name all folders, or give --partial\n');
    const none = await merge(at('empty'));
    expect(none).toMatchObject({ status: 2, stdout: '' });
    expect((await merge(...names('sound', 0), at('gone'))).stderr).toMatch(/gone: no records there/);
  });
});

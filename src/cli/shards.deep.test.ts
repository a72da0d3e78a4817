/** Shards as processes of their own, and what is merged of them. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BLOCK_CASES } from '../campaign/blocks/block.js';
import { packageRoot } from '../package-info.js';
import { type Outcome, removeFolder, temporaryFolder, tdxfuzz } from './run-cli.test.helper.js';

const SHARDS = 8;
const folder = temporaryFolder();
afterAll(() => removeFolder(folder));
const at = (name: string): string => join(folder, name);

/** Three clean functions and a broken one, so that most of the time does not go into failing cases. */
const IMAGES = [
  join(packageRoot(), 'corpus/bugs/guest-6.4.o'),
  join(packageRoot(), 'corpus/targets/guest-6.4.o'),
  '--contract',
  'linux-6.4',
  '--target',
  'missing_scrub_rsi=linux-6.4/__tdx_hypercall_ret',
];
const CAMPAIGN = ['fuzz', ...IMAGES, '--seed', 'shards', '--runs', `${2 * BLOCK_CASES + 77}`, '--workers', '1'];
const resultOf = (name: string): unknown =>
  (JSON.parse(readFileSync(join(at(name), 'result.json'), 'utf8')) as { result: unknown }).result;
const bytesOf = (name: string): string => JSON.stringify(resultOf(name));

let whole: Outcome;
beforeAll(async () => {
  whole = await tdxfuzz([...CAMPAIGN, '--out', at('whole')]);
  for (let index = 0; index < SHARDS; index++) {
    // As in a Kubernetes Indexed Job, and as in a CI matrix.
    const outcome =
      index % 2 === 0
        ? await tdxfuzz([...CAMPAIGN, '--out', at(`s${index}`), '--shard', `${index}/${SHARDS}`])
        : await tdxfuzz([...CAMPAIGN, '--out', at(`s${index}`), '--shard', `auto/${SHARDS}`], {
            env: { JOB_COMPLETION_INDEX: `${index}`, NO_COLOR: '1' },
          });
    // A shard without any block of a target cannot judge it.
    expect([1, 2]).toContain(outcome.status);
  }
}, 240_000);

const all = Array.from({ length: SHARDS }, (_, index) => at(`s${index}`));

describe('eight shards as processes of their own', () => {
  it('give, merged, exactly the result of one process', async () => {
    expect(whole.status).toBe(1);
    const merged = await tdxfuzz(['merge', ...all, '--out', at('merged')]);
    expect(merged.status).toBe(1);
    expect(bytesOf('merged')).toBe(bytesOf('whole'));
    expect(merged.stdout).toContain('missing_scrub_rsi+0x');
  });

  it('give the same in another order, and when what was merged is merged again', async () => {
    await tdxfuzz(['merge', ...[...all].reverse(), at('s3'), at('s3'), '--out', at('backwards')]);
    await tdxfuzz(['merge', at('merged'), at('s5'), at('merged'), '--out', at('again')]);
    for (const name of ['backwards', 'again']) {
      expect(bytesOf(name)).toBe(bytesOf('whole'));
      expect(readFileSync(join(at(name), 'records.jsonl'))).toEqual(readFileSync(join(at('merged'), 'records.jsonl')));
    }
  });

  it('share no block: one of them has less than the whole', () => {
    expect(bytesOf('s0')).not.toBe(bytesOf('whole'));
  });

  it('are computed again, block by block', async () => {
    const verified = await tdxfuzz(['verify', at('merged'), ...IMAGES]);
    expect(verified.stdout).toMatch(/^12 of 12 pieces are the same again, 0 differ, in 40,308 cases\n$/);
    expect(verified.status).toBe(0);
  });
});

describe('what does not belong together', () => {
  const merge = (...folders: string[]): Promise<Outcome> => tdxfuzz(['merge', ...folders, '--out', at('refused')]);

  it('a missing shard is named', async () => {
    const outcome = await merge(...all.slice(0, 3), ...all.slice(4));
    expect(outcome).toMatchObject({ status: 2, stdout: '' });
    expect(outcome.stderr).toMatch(/^tdxfuzz: shard 3 of 8 is missing; name all folders, or give --partial\n$/);
    expect((await merge(...all.slice(0, 3), ...all.slice(4), '--partial')).status).toBe(1);
  });

  it('another seed, another tool, a damaged line', async () => {
    await tdxfuzz([
      ...CAMPAIGN.map((text) => (text === 'shards' ? 'other' : text)),
      '--out',
      at('other'),
      '--shard',
      '3/8',
    ]);
    const seed = await merge(...all.slice(0, 3), at('other'));
    expect(seed.status).toBe(2);
    expect(seed.stderr).toMatch(
      /^tdxfuzz: .*records-3-of-8\.jsonl: has the seed other, but the others have shards; .*\n$/,
    );

    cpSync(at('s4'), at('damaged'), { recursive: true });
    const path = join(at('damaged'), 'records-4-of-8.jsonl');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"cases":', '"cases": '));
    expect((await merge(...all.slice(0, 4), at('damaged'))).stderr).not.toContain('damaged');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"cases": \d/, '"cases": 9'));
    const damaged = await merge(...all.slice(0, 4), at('damaged'));
    expect(damaged.status).toBe(2);
    expect(damaged.stderr).toMatch(/^tdxfuzz: .*records-4-of-8\.jsonl: line \d+: the checksum does not match; .*\n$/);
  });

  it('a folder without records, and a shard that is kept nowhere', async () => {
    expect((await merge(at('nowhere'))).stderr).toMatch(
      /nowhere: no records there; give a folder that tdxfuzz fuzz --out wrote\n$/,
    );
    const kept = await tdxfuzz([...CAMPAIGN, '--shard', '0/8']);
    expect(kept).toMatchObject({
      status: 2,
      stderr: 'tdxfuzz: --shard needs --out DIR: what is merged later must be kept\n',
    });
  });
});

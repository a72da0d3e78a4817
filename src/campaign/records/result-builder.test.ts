/** Records in any order, any number of times, give one result; records of two campaigns give none. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../errors.js';
import { twinTarget } from '../../finding/twins.test.helper.js';
import { BLOCK_CASES } from '../blocks/block.js';
import { builtInPrograms, builtInStubs } from '../targets/built-in-targets.js';
import { fuzz } from '../fuzz.js';
import { readRecords, RecordFile } from './record-file.js';
import { type CampaignRecord, recordSchema } from './records.js';
import { ResultBuilder } from './result-builder.js';
import type { RunResult } from './result.js';

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-builder-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TARGETS = [
  twinTarget('missing-scrub-rsi-6.4'),
  ...builtInStubs().filter(({ name }) => name === 'guest-6.7/__tdcall_ret'),
  ...builtInPrograms().filter(({ name }) => name === 'helper-7.3/__halt'),
];

/** A run, and the records that it wrote. */
async function recorded(seed: string): Promise<{ result: RunResult; records: CampaignRecord[] }> {
  const path = join(folder, `${seed}.jsonl`);
  const records = new RecordFile(path);
  const result = await fuzz({ targets: TARGETS, seed, budget: { runs: BLOCK_CASES + 100 }, workers: 1, records });
  records.close();
  const read = readRecords(path, recordSchema);
  expect(read.damaged).toEqual([]);
  return { result, records: read.records };
}

function built(records: readonly CampaignRecord[]): RunResult {
  const builder = new ResultBuilder();
  for (const record of records) builder.add(record, 'here');
  return builder.result('here');
}

const { result, records } = await recorded('one');

describe('the result that is made of records', () => {
  it('is that of the run which wrote them', () => {
    expect(JSON.stringify(built(records))).toBe(JSON.stringify(result));
    expect(result.result.targets[0].findings.length).toBeGreaterThan(0);
    expect(result.result.targets.every(({ coverage }) => coverage[0].reached.length > 5)).toBe(true);
  });

  const shuffled = fc.shuffledSubarray(
    records.map((_, index) => index),
    { minLength: records.length },
  );
  test.prop([shuffled, fc.subarray(records)])(
    'does not depend on their order, nor on how often they come',
    (order, again) => {
      expect(JSON.stringify(built([...order.map((index) => records[index]), ...again]))).toBe(JSON.stringify(result));
    },
  );
});

describe('records that do not belong together are refused in one line', () => {
  const run = records.find((record) => record.kind === 'run');
  const blocks = records.find((record) => record.kind === 'blocks');
  if (run === undefined || blocks === undefined) throw new Error('the run left no records');
  it.each<[string, CampaignRecord, RegExp]>([
    ['another version', { ...run, tool: '9.9.9' }, /is of tdxfuzz 9\.9\.9, but the others have/],
    ['another seed', { ...run, seed: 'two' }, /has the seed two, but the others have one/],
    ['another target', { ...run, targets: ['x@0', ...run.targets.slice(1)] }, /has the target x@0, but the others/],
    ['fewer targets', { ...run, targets: run.targets.slice(1) }, /merge results of one campaign/],
    ['a block that says something else', { ...blocks, cases: blocks.cases + 1 }, /block 0 is recorded otherwise/],
    ['a block that overlaps', { ...blocks, block: 1, blocks: 3 }, /block 1 is recorded otherwise|is there twice/],
  ])('%s', (_, record, message) => {
    const attempt = (): RunResult => built([...records, record]);
    expect(attempt).toThrow(UsageError);
    expect(attempt).toThrow(message);
  });

  it.each(['run', 'target', 'finding'] as const)('without any %s record there is no result', (kind) => {
    expect(() => built(records.filter((record) => record.kind !== kind))).toThrow(UsageError);
  });
});

it('names the shards of which nothing is there', () => {
  const builder = new ResultBuilder();
  const process = records.find((record) => record.kind === 'process');
  if (process === undefined) throw new Error('the run left no record of its process');
  for (const index of [0, 2]) builder.add({ ...process, id: `p${index}`, shard: { index, of: 4 } }, 'here');
  expect(builder.missingShards()).toEqual({ shards: [1, 3], of: 4 });
});

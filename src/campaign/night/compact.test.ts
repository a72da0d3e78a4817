import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openRunner } from '../../run/open-runner.js';
import { twinTarget } from '../../finding/twins.test.helper.js';
import { BLOCK_CASES } from '../blocks/block.js';
import { CampaignLog, prepare } from '../records/campaign-log.js';
import { RecordFile, readRecords } from '../records/record-file.js';
import { type CampaignRecord, recordSchema } from '../records/records.js';
import { Reporter } from '../records/reporter.js';
import { ResultBuilder } from '../records/result-builder.js';
import { runTask } from '../blocks/task.js';
import { compacted } from './compact.js';
import { readState } from './night-state.js';

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-compact-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'records.jsonl');

/** What some nights of one broken stub leave: fresh blocks with a gap, and blocks that were made of a case. */
function nights(): CampaignRecord[] {
  const file = new RecordFile(path);
  const target = twinTarget('missing-pop-6.4');
  const runner = openRunner(target);
  const prepared = prepare(target, runner, 'seed');
  for (const blocks of [[0, 1], [2], [7, 8]]) {
    const log = new CampaignLog([prepared], 'seed', file);
    const reporter = new Reporter(log, prepared, 0);
    for (const block of blocks) {
      const task = { target: 0, block, blocks: 1, cases: BLOCK_CASES };
      const result = runTask(runner, 'seed', task);
      log.blocks(task, result);
      if (block === 0)
        for (const { signature, values, index } of result.failures)
          reporter.report(signature, values, { block, index });
    }
    log.end({ index: 0, of: 1 }, 1, 10, false);
  }
  file.close();
  return readRecords(path, recordSchema).records;
}

function resultOf(records: readonly CampaignRecord[]): string {
  const builder = new ResultBuilder();
  for (const record of records) builder.add(record, 'here');
  return JSON.stringify(builder.result('here').result);
}

const records = nights();

describe('records that were made fewer', () => {
  const fewer = compacted(records);
  const blocks = fewer.filter((record) => record.kind === 'blocks');

  it('give the same result', () => {
    expect(resultOf(fewer)).toBe(resultOf(records));
    expect(fewer.length).toBeLessThan(records.length);
  });

  it('are one piece for blocks that follow each other', () => {
    expect(blocks.map(({ block, blocks: count, cases }) => [block, count, cases])).toEqual([
      [0, 3, 3 * BLOCK_CASES],
      [7, 2, 2 * BLOCK_CASES],
    ]);
    expect(compacted(fewer)).toEqual(fewer);
  });

  it('leave out blocks of former builds, and keep their findings', () => {
    const run = records.findLast((record) => record.kind === 'run');
    if (run === undefined) throw new Error('no run');
    const changed = compacted([...records, { ...run, targets: ['another@0'] }]);
    expect(changed.filter(({ kind }) => kind === 'blocks')).toEqual([]);
    expect(changed.filter(({ kind }) => kind === 'finding').length).toBeGreaterThan(0);
  });

  it('take the place of a large state, at once and whole', () => {
    const before = readFileSync(path);
    expect(readState(folder).records).toEqual(records);
    expect(readFileSync(path)).toEqual(before);
    expect(readState(folder, 100).records).toEqual(fewer);
    expect(readRecords(path, recordSchema)).toEqual({ records: fewer, damaged: [] });
  });
});

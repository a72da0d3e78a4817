/** The bench in a size of milliseconds: it runs, all contenders agree, and the report says what there is. No time is asserted. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { runBench } from './bench.js';
import { interleave, isMeasured, summary } from './contender.js';
import { expectSame, ROW } from './execution.js';
import { floorsOf } from './floors.js';
import { MachineRuns } from './machine-runs.js';
import { benchMarkdown } from './markdown.js';
import { RESULT_WORDS } from './records.js';
import { MAIN_STUB, stubWorkloads } from './workloads.js';

const hasCompiler =
  process.platform === 'linux' && process.arch === 'x64' && spawnSync('gcc', ['--version']).status === 0;

describe('the bench in a tiny size', async () => {
  const said: string[] = [];
  const size = {
    rounds: 1,
    sliceMilliseconds: 2,
    records: 20,
    blockCases: 20,
    campaignSeconds: 0.02,
    campaignRounds: 1,
    commandRuns: [10, 20],
    gates: false,
  };
  const report = await runBench(size, (text) => said.push(text));

  it('measures every row, or says what is missing', () => {
    for (const { rows, agreed, instructions } of report.execution) {
      expect(agreed).toBe(20);
      expect(instructions).toBeGreaterThanOrEqual(1);
      for (const row of rows) {
        if (isMeasured(row)) expect(row.best).toBeGreaterThan(0);
        else expect(row.missing).toMatch(/^no /);
      }
    }
    const names = report.execution[0].rows.map(({ name }) => name);
    expect(names).toEqual([
      ROW.signal,
      ROW.call,
      ROW.unicorn,
      ROW.interpreter,
      ROW.quick,
      ROW.exact,
      ROW.bulkQuick,
      ROW.bulkExact,
    ]);
    expect(report.execution).toHaveLength(hasCompiler ? 5 : 3);
    for (const row of report.cases) expect(row.executionsPerCase).toBeGreaterThanOrEqual(1);
    expect(report.cases.map(({ name }) => name)).toContain(MAIN_STUB);
    expect(report.plays).toHaveLength(5);
    for (const row of report.plays) {
      expect(row.best).toBeGreaterThan(0);
      expect(row.executionsPerCase).toBeGreaterThanOrEqual(1);
    }
    expect(report.workers.map(({ workers }) => workers)).toEqual([1, 2]);
    for (const { milliseconds, peakMebibytes } of report.commands) {
      expect(milliseconds).toBeGreaterThan(0);
      expect(peakMebibytes).toBeGreaterThan(10);
    }
    expect(said.length).toBeGreaterThan(20);
  });

  it('judges every floor', () => {
    expect(report.floors).toHaveLength(9);
    const measured = report.floors.filter(({ met }) => met !== 'not measured');
    expect(measured.length).toBeGreaterThanOrEqual(hasCompiler ? 5 : 3);
    for (const { value, floor, atMost, met } of measured)
      expect(met).toBe((value as number) >= floor !== atMost ? 'met' : 'not met');
  });

  it('reports what is missing as not measured, and never as met', () => {
    const execution = report.execution.map((table) => ({
      ...table,
      rows: table.rows.map((row) =>
        row.name === ROW.unicorn ? { name: row.name, missing: 'no libunicorn-dev' } : row,
      ),
    }));
    const without = { ...report, execution };
    const floors = floorsOf(without);
    expect(floors.filter(({ met }) => met === 'not measured').length).toBeGreaterThanOrEqual(4);
    const text = benchMarkdown({ ...without, floors });
    expect(text).toContain('| not measured: no libunicorn-dev |');
  });

  it('writes the same text for the same figures, and no figure that is no number', () => {
    const text = benchMarkdown(report);
    expect(benchMarkdown(structuredClone(report))).toBe(text);
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
    for (const { workload } of report.execution) expect(text).toContain(`### ${workload}`);
  });
});

describe('contenders that disagree', () => {
  const [workload] = stubWorkloads(3);
  const results = new MachineRuns(workload, { engine: 'interpreter', exact: false }).results();

  it('fail the bench with the input and the word', () => {
    const wrong = results.slice();
    wrong[RESULT_WORDS + 5] ^= 1;
    expect(() => expectSame(workload, 'a', results, 'b', wrong)).toThrow(/b and a differ on input 1, word 5: /);
    expect(() => expectSame(workload, 'a', results, 'b', results.subarray(2))).toThrow(/words/);
    expectSame(workload, 'a', results, 'b', results.slice());
  });

  it('are told apart by every input: no two leave the same', () => {
    const parts = [0, 1, 2].map((record) => results.slice(record * RESULT_WORDS, (record + 1) * RESULT_WORDS).join());
    expect(new Set(parts).size).toBe(3);
  });
});

describe('measuring', () => {
  it('takes the contenders in turn and counts no warm-up', async () => {
    const order: string[] = [];
    const rates = [1, 5, 3];
    const contender = (name: string): Parameters<typeof interleave>[0][number] => {
      let round = 0;
      return {
        name,
        measure: () => {
          order.push(name);
          // The warm-up would be the best of all.
          return { count: round === 0 ? 100 : rates[round - 1], nanoseconds: round++ === 0 ? 1 : 1e9 };
        },
      };
    };
    const rows = await interleave([contender('a'), { name: 'b', missing: 'no b' }, contender('c')], {
      rounds: 3,
      sliceMilliseconds: 1,
      onSlice: () => undefined,
    });
    expect(order.join('')).toBe('acacacac');
    expect(rows).toEqual([
      { name: 'a', best: 5, median: 3 },
      { name: 'b', missing: 'no b' },
      { name: 'c', best: 5, median: 3 },
    ]);
    expect(summary([4, 2])).toEqual({ best: 4, median: 3 });
  });
});

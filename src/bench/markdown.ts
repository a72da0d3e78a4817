/** The bench's report for people. Its text is the same for the same figures. */
import type { BenchReport } from './bench.js';
import { isMeasured, type Row } from './contender.js';
import { type ExecutionTable, ROW } from './execution.js';
import { type Floor, ratio } from './floors.js';
import { MAIN_STUB } from './workloads.js';

export function benchMarkdown(report: BenchReport): string {
  const { machine, size, execution, cases, plays, workers, commands, gates, floors } = report;
  const unicorn = execution
    .find(({ workload }) => workload === MAIN_STUB)
    ?.rows.find(({ name }) => name === ROW.unicorn);
  const byUnicorn = (rate: number): string => (isMeasured(unicorn) ? number(rate / unicorn.best) : '-');
  const oneWorker = workers[0]?.best ?? Number.NaN;
  const lines = [
    '# Bench',
    '',
    `Written by \`npm run bench\`. All contenders of a table ran in turn, ${size.rounds} rounds of ${size.sliceMilliseconds} ms each; the figure is the best round, the median stands beside it.`,
    'Ratios carry over to other machines, absolute figures do not.',
    '',
    `tdxfuzz ${report.tool}; ${machine.cpu}, ${machine.cores} cores, load ${machine.load.toFixed(1)} before the run; Node ${machine.node}; compiler: ${machine.compiler}; Unicorn: ${machine.unicorn}`,
    '',
    '## Floors',
    '',
    ...table(
      ['what', 'floor', 'measured', ''],
      floors.map((floor) => [floor.name, bound(floor), measured(floor), floor.met]),
    ),
    '',
    '## Execution only',
    '',
    'A run sets registers, argument block and return address, executes to the return, and answers TDCALL by one and the same rule. This project also records every event,',
    'checks the budget and every memory access, and resets the memory. The others do not. Module and host always succeed, and no run asks for STI (both endings are signals on a CPU).',
    ...execution.flatMap(executionLines),
    '',
    '## Full cases',
    '',
    `Generation by fast-check, execution, companion runs, prediction and all applicable properties, one worker. The last column is against Unicorn's bare execution of ${MAIN_STUB}.`,
    '',
    ...table(
      ['target', 'cases/s', 'median', 'executions a case', 'properties judged', 'by Unicorn'],
      cases.map((row) => [
        row.name,
        number(row.best),
        number(row.median),
        row.executionsPerCase.toFixed(2),
        String(row.properties),
        byUnicorn(row.best),
      ]),
    ),
    '',
    '## Plays of programs',
    '',
    'The same of programs: a case is a story, played by the code under test and its reference side by side. An execution is one call.',
    '',
    ...table(
      ['target', 'plays/s', 'median', 'executions a case', 'us an execution', 'properties judged'],
      plays.map((row) => [
        row.name,
        number(row.best),
        number(row.median),
        row.executionsPerCase.toFixed(2),
        (1e6 / row.best / row.executionsPerCase).toFixed(1),
        String(row.properties),
      ]),
    ),
    '',
    '## Workers',
    '',
    'Campaigns of some seconds, from a quarter of the cases on (start and translation are over then), and as a whole.',
    '',
    ...table(
      ['target', 'workers', 'cases/s', 'median', 'by one worker', 'whole campaign, cases/s'],
      workers.map((row) => [
        row.name,
        String(row.workers),
        number(row.best),
        number(row.median),
        number(row.best / oneWorker),
        number(row.whole),
      ]),
    ),
    '',
    '## From the start of the process to the verdict',
    '',
    ...table(
      ['command', 'ms', 'peak memory, MiB'],
      [...commands, ...gates].map((row) => [
        `\`${row.command}\``,
        row.milliseconds.toFixed(0),
        row.peakMebibytes.toFixed(0),
      ]),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function executionLines({ workload, title, instructions, events, agreed, unicornWay, rows }: ExecutionTable): string[] {
  const limit = rows.some(({ name }) => name === ROW.call) ? ROW.call : ROW.native;
  const by = (row: Row, to: string): string => number(ratio(rows, row.name, to) ?? Number.NaN);
  return [
    '',
    `### ${workload}`,
    '',
    `${title}; ${number(instructions)} instructions and ${number(events)} events a run; all agreed on ${agreed} random inputs.${unicornWay === '' ? '' : ` Unicorn gets past TDCALL fastest by: ${unicornWay}.`}`,
    '',
    ...table(
      ['contender', 'runs/s', 'median', 'by Unicorn', `by "${limit}"`],
      rows.map((row) =>
        isMeasured(row)
          ? [row.name, number(row.best), number(row.median), by(row, ROW.unicorn), by(row, limit)]
          : [row.name, `not measured: ${row.missing}`, '-', '-', '-'],
      ),
    ),
  ];
}

function bound({ floor, atMost, unit }: Floor): string {
  return `${atMost ? 'at most' : 'at least'} ${floor} ${unit}`;
}

function measured({ value, unit }: Floor): string {
  return value === undefined ? '-' : `${number(value)} ${unit}`;
}

/** Three digits that count, and thousands apart. */
function number(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (value >= 100) return Math.round(Number(value.toPrecision(3))).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

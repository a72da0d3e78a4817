import { Mnemonic } from 'iced-x86';
import type { Row } from '../row.js';
import type { RowComparison } from './compare-row.js';
import { KNOWN_DEVIATIONS } from './known-deviations.js';
import type { RowTest } from './row-tests.js';

/** One row of the table in the report. */
export interface ReportRow {
  readonly row: string;
  readonly how: RowTest['how'];
  /** Of a row that was compared natively. */
  readonly compared?: Omit<RowComparison, 'codes' | 'examples'> & { readonly encodings: number };
  /** Of one that is event-tested: file and title. */
  readonly test?: string;
  /** Extensions that the CPU lacks. */
  readonly missing?: readonly string[];
}

/** What `npm run differential` found; `run` is what differs from run to run. */
export interface DifferentialReport {
  readonly schema: 'tdxfuzz/differential/1';
  readonly result: {
    readonly cpu: string;
    readonly totals: {
      readonly rows: number;
      readonly compared: number;
      readonly encodings: number;
      readonly forms: number;
      readonly states: number;
      readonly traps: number;
      readonly wasmStates: number;
      readonly mismatches: number;
      readonly deviations: number;
    };
    readonly deviations: readonly { readonly name: string; readonly text: string }[];
    readonly rows: readonly ReportRow[];
  };
  readonly run: { readonly seconds: number };
}

/** The line of one row. */
export function reportRow(row: Row, test: RowTest, comparison: RowComparison | undefined): ReportRow {
  const name = Mnemonic[row.mnemonic];
  if (test.how === 'event-tested') return { row: name, how: test.how, test: `${test.test.file}: ${test.test.title}` };
  if (test.how !== 'native') return { row: name, how: test.how, missing: test.missing };
  if (comparison === undefined) throw new Error(`${name} was not compared`);
  const { codes, examples: _examples, ...figures } = comparison;
  return { row: name, how: test.how, compared: { encodings: codes.length, ...figures } };
}

function trapsOf(row: ReportRow): number {
  return Object.values(row.compared?.traps ?? {}).reduce((sum, count) => sum + count, 0);
}

/** @param deviations - states in which a known deviation showed; @param seconds - how long it took */
export function differentialReport(
  cpu: string,
  rows: readonly ReportRow[],
  deviations: number,
  seconds: number,
): DifferentialReport {
  const sum = (figure: (row: ReportRow) => number): number => rows.reduce((total, row) => total + figure(row), 0);
  return {
    schema: 'tdxfuzz/differential/1',
    result: {
      cpu,
      totals: {
        rows: rows.length,
        compared: rows.filter(({ how }) => how === 'native').length,
        encodings: sum(({ compared }) => compared?.encodings ?? 0),
        forms: sum(({ compared }) => compared?.forms ?? 0),
        states: sum(({ compared }) => compared?.states ?? 0),
        traps: sum(trapsOf),
        wasmStates: sum(({ compared }) => compared?.wasmStates ?? 0),
        mismatches: sum(({ compared }) => compared?.mismatches ?? 0),
        deviations,
      },
      deviations: KNOWN_DEVIATIONS.map(({ name, text }) => ({ name, text })),
      rows,
    },
    run: { seconds },
  };
}

const number = new Intl.NumberFormat('en-US');

/** The totals in a few lines, for the terminal and the top of the Markdown file. */
export function summary({ result, run }: DifferentialReport): string[] {
  const { totals } = result;
  const count = (how: RowTest['how']): number => result.rows.filter((row) => row.how === how).length;
  return [
    `CPU: ${result.cpu}`,
    `${totals.rows} rows of the table: ${totals.compared} compared natively, ${count('event-tested')} event-tested, ${count('not testable on this CPU')} not testable on this CPU`,
    `${totals.encodings} encodings of the manual in ${number.format(totals.forms)} forms, ${number.format(totals.states)} states (${number.format(totals.traps)} end in an exception); the WebAssembly engine ran ${number.format(totals.wasmStates)} of them as well`,
    `${totals.mismatches} mismatches; ${number.format(totals.deviations)} states show a known deviation`,
    `${run.seconds.toFixed(0)} s on one core, ${((run.seconds / Math.max(1, totals.states)) * 1e6).toFixed(1)} microseconds a state`,
  ];
}

/** The report for people. */
export function markdown(report: DifferentialReport): string {
  const { result } = report;
  const lines = ['# The machine against the CPU', '', 'Written by `npm run differential`.', ''];
  lines.push(...summary(report).map((line) => `- ${line}`));
  if (result.deviations.length > 0) {
    lines.push('', '## Known deviations', '');
    lines.push(...result.deviations.map(({ name, text }) => `- **${name}**: ${text}.`));
  }
  lines.push(
    '',
    '## Rows',
    '',
    '| row | how | encodings | forms | states | exceptions by vector | mismatches |',
    '|---|---|---|---|---|---|---|',
  );
  for (const row of result.rows) {
    const { compared } = row;
    if (compared === undefined) {
      lines.push(`| ${row.row} | ${row.how}: ${row.test ?? (row.missing ?? []).join(' ')} | | | | | |`);
      continue;
    }
    const traps = Object.entries(compared.traps).map(([vector, times]) => `${vector}: ${times}`);
    const cells = [
      row.row,
      row.how,
      compared.encodings,
      compared.forms,
      compared.states,
      traps.join(', '),
      compared.mismatches,
    ];
    lines.push(`| ${cells.join(' | ')} |`);
  }
  return `${lines.join('\n')}\n`;
}

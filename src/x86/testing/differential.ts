/**
 * `npm run differential`: every row of the table against the CPU of this machine. Writes reports/differential.json and .md; with a
 * pattern, or fewer states than the rule asks for, it only prints.
 *
 *     npm run differential -- [--states N] [--row PATTERN]
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Mnemonic } from 'iced-x86';
import { INSTRUCTION_ROWS } from '../table.js';
import { CaseRunner } from './case-runner.js';
import { compareRow } from './compare-row.js';
import { thisCpu } from './cpu.js';
import { differentialReport, markdown, reportRow, summary } from './differential-report.js';
import { NativeOracle } from './native-oracle.js';
import { repositoryPath } from './repository.js';
import { testOfRow } from './row-tests.js';

/** States that every row is owed. */
const STATES = 100_000;

/** What was asked for. @throws Error with a line for people */
function options(): { states: number; pattern: RegExp } {
  const { values } = parseArgs({ options: { states: { type: 'string' }, row: { type: 'string' } } });
  const states = Number(values.states ?? STATES);
  if (!Number.isInteger(states) || states < 1)
    throw new Error(`--states: "${values.states}" is no number of states; give a whole number`);
  return { states, pattern: new RegExp(values.row ?? '', 'i') };
}

function main(): number {
  let asked: ReturnType<typeof options>;
  try {
    asked = options();
  } catch (error) {
    console.error(`differential: ${error instanceof Error ? error.message : String(error)}`);
    return 2;
  }
  const { states, pattern } = asked;
  const rows = INSTRUCTION_ROWS.filter((row) => pattern.test(Mnemonic[row.mnemonic]));
  if (rows.length === 0) {
    console.error(
      `--row: no row of the table matches ${String(pattern)}; give a part of a mnemonic, such as "cmpxchg"`,
    );
    return 2;
  }
  const oracle = NativeOracle.build();
  if (typeof oracle === 'string') {
    console.error(`the CPU cannot be asked: ${oracle}`);
    return 2;
  }
  const cpu = thisCpu();
  const runners = { interpreter: new CaseRunner('interpreter'), wasm: new CaseRunner('wasm') };
  const started = performance.now();
  try {
    const lines = rows.map((row) => {
      const test = testOfRow(row, cpu);
      if (test.how !== 'native') return reportRow(row, test, undefined);
      const compared = compareRow(row, cpu, oracle, runners, { states, statesPerForm: 100, wasmEvery: 4 });
      for (const example of compared.examples) console.error(example);
      return reportRow(row, test, compared);
    });
    const seconds = (performance.now() - started) / 1000;
    const deviations = runners.interpreter.deviations + runners.wasm.deviations;
    const report = differentialReport(cpu.name, lines, deviations, seconds);
    for (const line of summary(report)) console.log(line);
    if (rows.length === INSTRUCTION_ROWS.length && states >= STATES) {
      writeFileSync(repositoryPath('reports/differential.json'), `${JSON.stringify(report, undefined, 1)}\n`);
      writeFileSync(repositoryPath('reports/differential.md'), markdown(report));
    }
    return report.result.totals.mismatches === 0 ? 0 : 1;
  } finally {
    oracle.dispose();
  }
}

process.exitCode = main();

/** The floors that the project set itself, and whether this run's figures meet them. */
import type { BenchReport } from './bench.js';
import { isMeasured, type Row } from './contender.js';
import { type ExecutionTable, ROW } from './execution.js';
import { COMPILED, MAIN_STUB } from './workloads.js';

export interface Floor {
  name: string;
  /** The least, or with `atMost` the most, that is good enough. */
  floor: number;
  atMost: boolean;
  unit: 'times' | 'ms' | 'MiB';
  /** What was measured; undefined where it could not be. */
  value?: number;
  met: 'met' | 'not met' | 'not measured';
}

/** @returns `best` of one row by that of another in the same table; undefined where one is missing */
export function ratio(rows: readonly Row[], name: string, to: string): number | undefined {
  const [one, other] = [name, to].map((wanted) => rows.find((row) => row.name === wanted));
  return isMeasured(one) && isMeasured(other) ? one.best / other.best : undefined;
}

/** Compares the best figures of each row. */
export function floorsOf({ execution, cases, workers, commands }: Omit<BenchReport, 'floors'>): Floor[] {
  const table = (name: string): ExecutionTable | undefined => execution.find(({ workload }) => workload === name);
  const stub = table(MAIN_STUB)?.rows ?? [];
  const unicorn = stub.find(({ name }) => name === ROW.unicorn);
  const fullCases = cases.find(({ name }) => name === MAIN_STUB)?.best;
  const [first, last] = commands;
  const [one, two] = workers;
  const compiled = (name: string): number | undefined => ratio(table(name)?.rows ?? [], ROW.quick, ROW.unicorn);
  return [
    atLeast(`execution only, ${MAIN_STUB}, in bulk, quick, by Unicorn`, 50, ratio(stub, ROW.bulkQuick, ROW.unicorn)),
    atLeast(
      `execution only, ${MAIN_STUB}, in bulk, quick, by the physical limit`,
      0.35,
      ratio(stub, ROW.bulkQuick, ROW.call),
    ),
    atLeast(
      `execution only, ${MAIN_STUB}, in bulk, exact, by the physical limit`,
      0.35,
      ratio(stub, ROW.bulkExact, ROW.call),
    ),
    atLeast(
      `full cases, ${MAIN_STUB}, by Unicorn's bare execution`,
      6,
      isMeasured(unicorn) && fullCases !== undefined ? fullCases / unicorn.best : undefined,
    ),
    atLeast(`${COMPILED.helper}, quick, by Unicorn`, 5, compiled(COMPILED.helper)),
    atLeast(`${COMPILED.page}, quick, by Unicorn`, 5, compiled(COMPILED.page)),
    atLeast('two workers by one', 1.9, one === undefined || two === undefined ? undefined : two.best / one.best),
    atMost(
      `start to verdict, ${last?.command ?? 'the long run'}`,
      2000,
      'ms',
      last === first ? undefined : last?.milliseconds,
    ),
    atMost(
      `peak memory, ${last?.command ?? 'the long run'}`,
      300,
      'MiB',
      last === first ? undefined : last?.peakMebibytes,
    ),
  ];
}

function atLeast(name: string, floor: number, value: number | undefined): Floor {
  if (value === undefined) return { name, floor, atMost: false, unit: 'times', met: 'not measured' };
  return { name, floor, atMost: false, unit: 'times', value, met: value >= floor ? 'met' : 'not met' };
}

function atMost(name: string, floor: number, unit: 'ms' | 'MiB', value: number | undefined): Floor {
  if (value === undefined) return { name, floor, atMost: true, unit, met: 'not measured' };
  return { name, floor, atMost: true, unit, value, met: value <= floor ? 'met' : 'not met' };
}

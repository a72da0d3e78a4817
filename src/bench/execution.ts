/** Execution only: one workload on every contender, all of which must leave the same results. */
import { BulkExecutions } from './bulk-runs.js';
import { type Contender, interleave, type Missing, type Rounds, type Row } from './contender.js';
import { MachineRuns } from './machine-runs.js';
import { type NativeProgram, NativePrograms, UNICORN_WAYS } from './native-programs.js';
import { RESULT_WORDS } from './records.js';
import type { Workload } from './workloads.js';

/** Names of the rows; floors and ratios look them up. */
export const ROW = {
  signal: 'native, TDCALL answered from a signal handler',
  call: 'native, TDCALL replaced by a call (the physical limit)',
  native: 'native',
  unicorn: 'Unicorn, C API',
  interpreter: 'this project, interpreter',
  quick: 'this project, WebAssembly, quick',
  exact: 'this project, WebAssembly, exact',
  bulkQuick: 'this project, in bulk, quick',
  bulkExact: 'this project, in bulk, exact',
} as const;

export interface ExecutionTable {
  workload: string;
  title: string;
  /** Averages of one run. */
  instructions: number;
  events: number;
  /** Inputs on which all contenders left the same registers and the same memory. */
  agreed: number;
  /** How Unicorn got past TDCALL: the fastest of UNICORN_WAYS; empty where there is none. */
  unicornWay: string;
  rows: Row[];
}

/** @param programs or why there are none @throws Error if two contenders disagree */
export async function measureExecution(
  workload: Workload,
  programs: NativePrograms | string,
  rounds: Rounds,
): Promise<ExecutionTable> {
  const machines = [
    { name: ROW.interpreter, runs: new MachineRuns(workload, { engine: 'interpreter', exact: false }) },
    { name: ROW.quick, runs: new MachineRuns(workload, { engine: 'wasm', exact: false }) },
    { name: ROW.exact, runs: new MachineRuns(workload, { engine: 'wasm', exact: true }) },
  ];
  const [reference] = machines;
  const { target } = workload;
  const bulk: [string, BulkExecutions][] =
    target === undefined
      ? []
      : [
          [ROW.bulkQuick, new BulkExecutions(target, false)],
          [ROW.bulkExact, new BulkExecutions(target, true)],
        ];
  const expected = reference.runs.results();
  const { rows: natives, unicornWay } = nativeContenders(workload, programs, rounds.sliceMilliseconds);
  for (const { name, runs } of machines.slice(1)) expectSame(workload, ROW.interpreter, expected, name, runs.results());
  for (const native of natives)
    if ('results' in native) expectSame(workload, ROW.interpreter, expected, native.name, native.results());
  const contenders: (Contender | Missing)[] = [
    ...natives.map((native) => ('results' in native ? native.contender() : native)),
    ...machines.map(({ name, runs }) => runs.contender(name)),
    ...bulk.map(([name, runs]) => runs.contender(name)),
  ];
  const rows = await interleave(contenders, rounds);
  for (const { name, runs } of machines.slice(1))
    if (runs.translatedEntries === 0) throw new Error(`bench: ${name} never ran translated code`);
  const { instructions, events } = reference.runs.effort();
  const { name, title } = workload;
  return { workload: name, title, instructions, events, agreed: expected.length / RESULT_WORDS, unicornWay, rows };
}

interface Natives {
  rows: (NativeProgram | Missing)[];
  unicornWay: string;
}

function nativeContenders(workload: Workload, programs: NativePrograms | string, milliseconds: number): Natives {
  const stub = workload.stub !== undefined;
  const names = stub ? [ROW.signal, ROW.call, ROW.unicorn] : [ROW.native, ROW.unicorn];
  if (typeof programs === 'string') return { rows: names.map((name) => ({ name, missing: programs })), unicornWay: '' };
  const rows: (NativeProgram | Missing)[] = stub
    ? [programs.native(workload, ROW.signal), programs.withCall(workload, ROW.call)]
    : [programs.native(workload, ROW.native)];
  if (programs.noUnicorn !== undefined) {
    rows.push({ name: ROW.unicorn, missing: programs.noUnicorn });
    return { rows, unicornWay: '' };
  }
  if (!stub) return { rows: [...rows, programs.unicorn(workload, ROW.unicorn, 0)], unicornWay: '' };
  // One slice each decides which way is the fastest.
  const made = UNICORN_WAYS.map((_, way) => programs.unicorn(workload, ROW.unicorn, way));
  const rates = made.map((program) => program.time(milliseconds)).map(({ count, nanoseconds }) => count / nanoseconds);
  const fastest = rates.indexOf(Math.max(...rates));
  return { rows: [...rows, made[fastest]], unicornWay: UNICORN_WAYS[fastest] };
}

/** @throws Error naming the first input on which they differ */
export function expectSame(
  { name }: Pick<Workload, 'name'>,
  oneName: string,
  one: Int32Array,
  otherName: string,
  other: Int32Array,
): void {
  if (one.length !== other.length)
    throw new Error(`bench: ${name}: ${otherName} left ${other.length} words, ${oneName} ${one.length}`);
  const at = one.findIndex((word, index) => word !== other[index]);
  if (at < 0) return;
  const input = Math.floor(at / RESULT_WORDS);
  const word = at % RESULT_WORDS;
  throw new Error(
    `bench: ${name}: ${otherName} and ${oneName} differ on input ${input}, word ${word}: 0x${(other[at] >>> 0).toString(16)}, not 0x${(one[at] >>> 0).toString(16)}`,
  );
}

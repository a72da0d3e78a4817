/** One run of the bench: every table, measured side by side. */
import { cpus, loadavg } from 'node:os';
import { BLOCK_CASES } from '../campaign/blocks/block.js';
import { builtInPrograms, builtInStubs } from '../campaign/targets/built-in-targets.js';
import { packageRoot, toolVersion } from '../package-info.js';
import { type CaseRow, measureCases, measureWorkers, type WorkerRow } from './cases.js';
import { type CommandRow, fuzzCommand, GATES, measureCommand } from './command-line.js';
import type { Rounds } from './contender.js';
import { type ExecutionTable, measureExecution } from './execution.js';
import { type Floor, floorsOf } from './floors.js';
import { NativePrograms } from './native-programs.js';
import { bareReturn, compiledWorkloads, MAIN_STUB, stubWorkloads } from './workloads.js';

const BENCH_SCHEMA = 'tdxfuzz/bench/1';

/** How large the bench is: see FULL. */
export interface BenchSize {
  rounds: number;
  sliceMilliseconds: number;
  /** Inputs on which all contenders must agree. */
  records: number;
  /** Cases of a block. */
  blockCases: number;
  /** How long a campaign takes one worker. */
  campaignSeconds: number;
  /** Campaigns with 1 and with 2 workers each. */
  campaignRounds: number;
  /** `--runs` of the command: the first verdict, then the long run. */
  commandRuns: readonly number[];
  /** Whether gates are run, which takes a minute. */
  gates: boolean;
}

export const FULL: BenchSize = {
  rounds: 5,
  sliceMilliseconds: 300,
  records: 1000,
  blockCases: BLOCK_CASES,
  campaignSeconds: 5,
  campaignRounds: 3,
  commandRuns: [1000, 1_000_000],
  gates: true,
};

export interface BenchReport {
  schema: typeof BENCH_SCHEMA;
  tool: string;
  machine: {
    cpu: string;
    cores: number;
    /** Average load of the minute before: other work than the bench takes its share. */
    load: number;
    node: string;
    compiler: string;
    unicorn: string;
  };
  size: BenchSize;
  execution: ExecutionTable[];
  cases: CaseRow[];
  /** Of programs: a case is a play, an execution one call of it. */
  plays: CaseRow[];
  workers: WorkerRow[];
  commands: CommandRow[];
  /** Gates of broken and of sound code. */
  gates: CommandRow[];
  floors: Floor[];
}

/** The object that a person would fuzz first. */
const IMAGE = 'corpus/targets/guest-5.19.o';

/** One short and one long helper, the dispatcher with one exit and with many, and both sides together. */
const PLAYED: readonly string[] = [
  'helper-7.3/__halt',
  'helper-7.3/tdx_handle_virt_exception',
  'dispatcher-7.3/one-exit',
  'dispatcher-7.3/sequence',
  'roundtrip-7.3/devices',
];

/**
 * Takes some minutes in full size. What this machine has no compiler or no library for is reported as not measured.
 *
 * @param progress told what is being measured
 * @throws Error if two contenders disagree
 */
export async function runBench(size: BenchSize, progress: (text: string) => void): Promise<BenchReport> {
  const root = packageRoot();
  const [load] = loadavg();
  const programs = NativePrograms.find(root);
  try {
    const rounds: Rounds = {
      rounds: size.rounds,
      sliceMilliseconds: size.sliceMilliseconds,
      onSlice: (name, round) => progress(`${name}, round ${round} of ${size.rounds}`),
    };
    const workloads = [...stubWorkloads(size.records), bareReturn(size.records)];
    if (typeof programs !== 'string') workloads.push(...compiledWorkloads(programs.compiledImage(), size.records));
    const execution: ExecutionTable[] = [];
    for (const workload of workloads) {
      progress(workload.name);
      execution.push(await measureExecution(workload, programs, rounds));
    }
    const targets = builtInStubs();
    const cases = await measureCases(targets, rounds, size.blockCases);
    const plays = await measureCases(
      builtInPrograms().filter(({ name }) => PLAYED.includes(name)),
      rounds,
      size.blockCases,
    );
    const main = targets.find(({ name }) => name === MAIN_STUB);
    const rate = cases.find(({ name }) => name === MAIN_STUB)?.best;
    if (main === undefined || rate === undefined) throw new Error(`no built-in target ${MAIN_STUB}`);
    const runs = Math.ceil((rate * size.campaignSeconds) / 1000) * 1000;
    const workers = await measureWorkers(main, runs, { ...rounds, rounds: size.campaignRounds });
    const commands: CommandRow[] = [];
    for (const count of size.commandRuns) {
      progress(`tdxfuzz fuzz --runs ${count}`);
      commands.push(await measureCommand(root, fuzzCommand(IMAGE, count)));
    }
    const gates: CommandRow[] = [];
    for (const gate of size.gates ? GATES : []) {
      progress(`tdxfuzz ${gate.args.join(' ')}`);
      gates.push(await measureCommand(root, gate));
    }
    const report = {
      schema: BENCH_SCHEMA,
      tool: toolVersion(),
      machine: {
        cpu: cpus()[0]?.model ?? 'unknown',
        cores: cpus().length,
        load,
        node: process.version,
        compiler: typeof programs === 'string' ? programs : programs.compiler,
        unicorn:
          typeof programs === 'string' ? programs : (programs.unicornVersion() ?? programs.noUnicorn ?? 'unknown'),
      },
      size,
      execution,
      cases,
      plays,
      workers,
      commands,
      gates,
    } as const;
    return { ...report, floors: floorsOf(report) };
  } finally {
    if (typeof programs !== 'string') programs.dispose();
  }
}

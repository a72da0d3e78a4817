import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { Command, Option } from 'commander';
import { PROPERTY_NAMES } from '../../properties/all.js';
import { fuzz } from '../campaign/fuzz.js';
import type { RecordFile } from '../campaign/record-file.js';
import { newRecords } from '../campaign/record-folder.js';
import { exitStatus, type RunResult } from '../campaign/result.js';
import { parseShard, type Shard, WHOLE } from '../campaign/shard.js';
import { selectTargets } from '../campaign/select-targets.js';
import { casesOf, PROJECT_CASES } from '../case/stored-cases.js';
import { UsageError } from '../errors.js';
import { packageRoot } from '../package-info.js';
import { type Format, printAs, withFormat } from './format-option.js';
import { onInterrupt } from './interrupt.js';
import { collect, duration, positiveInteger, seedText, workerCount } from './options.js';
import { startProgress } from './progress.js';
import { listingsText, prepareOut, writeResults } from './result-folder.js';

interface FuzzFlags {
  contract: string;
  target: string[];
  property: string[];
  runs?: number;
  time?: number;
  seed: string;
  workers: number;
  format: Format;
  shard?: Shard;
  out?: string;
  classes: boolean;
  quiet: boolean;
}

const DEFAULT_RUNS = 10_000;

export function fuzzCommand(): Command {
  const command = new Command('fuzz')
    .description('fuzz the built-in targets, or the functions of the given images')
    .argument('[IMAGE...]', 'ELF objects or executables')
    .option('--contract <SET>', 'contract set, a JSON file with one, or auto', 'auto')
    .option('--target <GLOB>', 'only these targets, or SYMBOL=SET/FUNCTION to bind a symbol (repeatable)', collect, [])
    .option('--property <GLOB>', 'only these properties (repeatable)', collect, [])
    .option('--runs <N>', `cases per target (default ${DEFAULT_RUNS})`, positiveInteger)
    .addOption(new Option('--time <T>', 'run for a time such as 30s or 15m').argParser(duration).conflicts('runs'))
    .addOption(
      new Option('--seed <TEXT>', 'the same seed gives the same result')
        .argParser(seedText)
        .default(randomBytes(4).toString('hex'), 'a fresh one'),
    )
    .option('--workers <N>', 'worker threads', workerCount, availableParallelism())
    .addOption(
      new Option('--shard <I/N>', 'compute part I (from 0) of N; auto/N takes I from JOB_COMPLETION_INDEX').argParser(
        (text) => parseShard(text, process.env),
      ),
    )
    .option('--out <DIR>', 'where results go (default ./tdxfuzz-out, written when something was found)')
    .option('--classes', 'print how many cases each class had', false)
    .option('--quiet', 'no progress bar', false);
  return withFormat(command).action(async (images: string[], flags: FuzzFlags) => {
    process.exitCode = await run(images, flags);
  });
}

async function run(images: string[], flags: FuzzFlags): Promise<number> {
  const selection = selectTargets({
    images,
    contract: flags.contract,
    target: flags.target,
    property: flags.property,
    propertyNames: PROPERTY_NAMES,
  });
  const { shard = WHOLE } = flags;
  if (shard.of > 1 && flags.out === undefined)
    throw new UsageError('--shard needs --out DIR: what is merged later must be kept');
  let records: RecordFile | undefined;
  if (flags.out !== undefined) {
    prepareOut(flags.out);
    records = newRecords(flags.out, shard);
  }
  const runs = flags.runs ?? DEFAULT_RUNS;
  const budget = flags.time === undefined ? { runs } : { milliseconds: flags.time };
  const cases = Math.round((runs * selection.targets.length) / shard.of);
  const progress = startProgress(flags.time === undefined ? cases : 0, 'cases', flags.quiet);
  const interrupt = onInterrupt();
  const stored = [...casesOf(join(packageRoot(), 'corpus/cases')), ...casesOf(PROJECT_CASES)];
  let result: RunResult;
  try {
    result = await fuzz({
      targets: selection.targets,
      seed: flags.seed,
      budget,
      workers: flags.workers,
      stored,
      shard,
      ...(records !== undefined && { records }),
      onProgress: (cases) => progress.update(cases),
      stopped: interrupt.stopped,
    });
  } finally {
    progress.stop();
    records?.close();
    interrupt.release();
  }
  let out: string | undefined;
  let unwritten: unknown;
  try {
    out = writeResults(result, flags.out, listingsText(selection.targets, result));
  } catch (error) {
    // What was found is printed all the same.
    unwritten = error;
  }
  printAs(flags.format, result, out, { notes: selection.notes, classes: flags.classes });
  if (unwritten !== undefined) throw unwritten;
  return exitStatus(result);
}

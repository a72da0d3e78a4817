import { randomBytes } from 'node:crypto';
import { Command, Option } from 'commander';
import { fuzz } from '../campaign/fuzz.js';
import type { RecordFile } from '../campaign/records/record-file.js';
import { newRecords } from '../campaign/records/record-folder.js';
import { exitStatus, type RunResult } from '../campaign/records/result.js';
import { parseShard, type Shard, WHOLE } from '../campaign/blocks/shard.js';
import { UsageError } from '../errors.js';
import { applyRules } from '../expect/apply-rules.js';
import { type Format, printAs, withFormat } from './format-option.js';
import { onInterrupt } from './interrupt.js';
import { collect, duration, positiveInteger, seedText, workerCount } from './options.js';
import { openProject, type ProjectFlags, withPlaces } from './project.js';
import { startProgress } from './progress.js';
import { listingsText, prepareOut, writeResults } from './result-folder.js';

interface FuzzFlags extends ProjectFlags {
  runs?: number;
  time?: number;
  seed: string;
  format: Format;
  shard?: Shard;
  classes: boolean;
  quiet: boolean;
}

const DEFAULT_RUNS = 10_000;

export function fuzzCommand(): Command {
  const command = new Command('fuzz')
    .description("fuzz the project's targets, the built-in ones without a configuration, or those of the given images")
    .argument('[IMAGE...]', 'ELF objects or executables')
    .option('--contract <SET>', 'contract set, a JSON file with one, or auto')
    .option('--target <GLOB>', 'only these targets, or SYMBOL=SET/FUNCTION to bind a symbol (repeatable)', collect, [])
    .option('--property <GLOB>', 'only these properties (repeatable)', collect, [])
    .option('--runs <N>', `cases per target (default ${DEFAULT_RUNS})`, positiveInteger)
    .addOption(new Option('--time <T>', 'run for a time such as 30s or 15m').argParser(duration).conflicts('runs'))
    .addOption(
      new Option('--seed <TEXT>', 'the same seed gives the same result')
        .argParser(seedText)
        .default(randomBytes(4).toString('hex'), 'a fresh one'),
    )
    .option('--workers <N>', 'worker threads', workerCount)
    .addOption(
      new Option('--shard <I/N>', 'compute part I (from 0) of N; auto/N takes I from JOB_COMPLETION_INDEX').argParser(
        (text) => parseShard(text, process.env),
      ),
    )
    .option('--out <DIR>', 'where results go (default ./tdxfuzz-out, written when something was found)')
    .option('--classes', 'print how many cases each class had', false)
    .option('--quiet', 'no progress bar', false);
  return withPlaces(withFormat(command), 'expect', 'cases').action(async (images: string[], flags: FuzzFlags) => {
    process.exitCode = await run(images, flags);
  });
}

async function run(images: string[], flags: FuzzFlags): Promise<number> {
  const project = await openProject(images, flags);
  const { selection, stored, out: asked } = project;
  const { shard = WHOLE } = flags;
  if (shard.of > 1 && asked === undefined)
    throw new UsageError('--shard needs --out DIR: what is merged later must be kept');
  let records: RecordFile | undefined;
  if (asked !== undefined) {
    prepareOut(asked);
    records = newRecords(asked, shard);
  }
  const runs = flags.runs ?? DEFAULT_RUNS;
  const budget = flags.time === undefined ? { runs } : { milliseconds: flags.time };
  const cases = Math.round((runs * selection.targets.length) / shard.of);
  const progress = startProgress(flags.time === undefined ? cases : 0, 'cases', flags.quiet);
  const interrupt = onInterrupt();
  let result: RunResult;
  try {
    const found = await fuzz({
      targets: selection.targets,
      seed: flags.seed,
      budget,
      workers: project.workers,
      stored: [...stored.corpus, ...stored.own],
      shard,
      ...(records !== undefined && { records }),
      onProgress: (cases) => progress.update(cases),
      stopped: interrupt.stopped,
    });
    // What no rule matched only a gate says: how many cases a run has is up to the user here.
    ({ result } = applyRules(found, project.rules, { known: selection.known, inFull: () => false }));
  } finally {
    progress.stop();
    records?.close();
    interrupt.release();
  }
  let out: string | undefined;
  let unwritten: unknown;
  try {
    out = writeResults(result, asked, listingsText(selection.targets, result));
  } catch (error) {
    // What was found is printed all the same.
    unwritten = error;
  }
  printAs(flags.format, result, out, { notes: selection.notes, classes: flags.classes });
  if (unwritten !== undefined) throw unwritten;
  return exitStatus(result);
}

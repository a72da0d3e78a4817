import { randomBytes } from 'node:crypto';
import { Command, Option } from 'commander';
import { fuzz } from '../campaign/fuzz.js';
import { listingsOf } from '../campaign/traces/listing.js';
import { newRecords } from '../campaign/records/record-folder.js';
import { exitStatus, type RunResult } from '../campaign/records/result.js';
import { WHOLE } from '../campaign/records/shard.js';
import { sourceLine } from '../image/line-table.js';
import { uncovered } from '../expect/rule.js';
import { applyRules } from '../expect/apply-rules.js';
import { claimResultFolder } from './claim-folder.js';
import { type Outputs, printAs, withFormat } from './format-option.js';
import { onInterrupt } from './interrupt.js';
import { originOfProcess } from './origin.js';
import { collect, duration, IMAGES, positiveInteger, TARGET_HELP, workerCount } from './options.js';
import { openProject, type Project, type ProjectFlags, withKnown, withPlaces } from './project.js';
import { startProgress } from './progress.js';
import { rerunLine } from './rerun.js';
import { keepResults } from './result-folder.js';
import { requireOut, type ShardFlags, withShard } from './shard-option.js';
import { watchProject } from './watch.js';
import { statusOf, tellUnjudged } from './unjudged.js';

interface FuzzFlags extends ProjectFlags, ShardFlags {
  runs?: number;
  time?: number;
  format: Outputs;
  failFast: boolean;
  watch: boolean;
  verbose: boolean;
  classes: boolean;
  quiet: boolean;
}

const DEFAULT_RUNS = 10_000;

export function fuzzCommand(): Command {
  const command = new Command('fuzz')
    .description("fuzz the project's targets, the built-in ones without a configuration, or those of the given images")
    .argument('[IMAGE...]', IMAGES)
    .option('--contract <SET>', 'contract set, a JSON file with one, or auto')
    .option('--target <GLOB>', TARGET_HELP, collect, [])
    .option('--property <GLOB>', 'only these properties (repeatable)', collect, [])
    .option('--runs <N>', `cases per target (default ${DEFAULT_RUNS})`, positiveInteger)
    .addOption(new Option('--time <T>', 'run for a time such as 30s or 15m').argParser(duration).conflicts('runs'))
    .option('--workers <N>', 'worker threads (default: one for each processor)', workerCount)
    .option('--out <DIR>', 'where results go (default ./tdxfuzz-out, written when something was found)')
    .option('--fail-fast', 'end with the first finding that no rule covers', false)
    .option('--watch', 'again whenever an image, a contract, the configuration or a rule changes, until Ctrl-C', false)
    .option('--verbose', 'a table for each target: every property', false)
    .option('--classes', 'the same, with how many cases each class had', false)
    .option('--quiet', 'no progress bar', false);
  withShard(command, 'the same seed gives the same result (default: a fresh one)');
  return withPlaces(withKnown(withFormat(command)), 'expect', 'cases').action(
    async (images: string[], flags: FuzzFlags) => {
      process.exitCode = await run(images, flags);
    },
  );
}

async function run(images: string[], flags: FuzzFlags): Promise<number> {
  if (flags.watch) return watchProject(images, flags);
  const project = await openProject(images, flags);
  const { shard = WHOLE } = flags;
  const { out } = project;
  requireOut(shard, out);
  const release = out === undefined ? () => undefined : claimResultFolder(out, shard);
  try {
    return await fuzzProject(project, flags);
  } finally {
    release();
  }
}

/** The folder for results is claimed. */
async function fuzzProject(
  { selection, stored, rules, knownRules, workers, out: asked }: Project,
  flags: FuzzFlags,
): Promise<number> {
  const { seed = randomBytes(4).toString('hex'), shard = WHOLE, runs = DEFAULT_RUNS, time } = flags;
  const { targets, known, notes } = selection;
  const records = asked === undefined ? undefined : newRecords(asked, shard);
  const cases = Math.round((runs * targets.length) / shard.of);
  const progress = startProgress(time === undefined ? cases : 0, 'cases', flags.quiet, targets.length);
  const interrupt = onInterrupt();
  let result: RunResult;
  try {
    const found = await fuzz({
      targets,
      seed,
      budget: time === undefined ? { runs } : { milliseconds: time },
      workers,
      stored: [...stored.corpus, ...stored.own],
      shard,
      origin: originOfProcess(),
      ...(records !== undefined && { records }),
      onProgress: progress.run,
      stopped: interrupt.stopped,
      ...(flags.failFast && { failsFast: uncovered([...rules, ...knownRules]) }),
    });
    // What no rule matched only a gate says: how many cases a run has is up to the user here.
    ({ result } = applyRules(found, [...rules, ...knownRules], { known, inFull: () => false }));
  } finally {
    progress.stop();
    records?.close();
    interrupt.release();
  }
  const { out, unwritten } = await keepResults(result, asked, targets, shard);
  // What was found is printed also where it could not be written.
  const again = againOf(result, flags);
  printAs(flags.format, result, out, {
    notes,
    verbose: flags.verbose,
    classes: flags.classes,
    listings: () => listingsOf(targets, result, sourceLine),
    ...(again !== undefined && { again }),
  });
  tellUnjudged(selection);
  if (unwritten !== undefined) throw unwritten;
  return statusOf(selection, exitStatus(result));
}

/** A part of a run, and one that was ended, have no number of cases that gives the same again. */
function againOf({ result, run }: RunResult, { shard }: FuzzFlags): string | undefined {
  if (shard !== undefined || run.interrupted) return undefined;
  return rerunLine(process.argv.slice(2), { '--seed': result.seed, '--runs': result.runs });
}

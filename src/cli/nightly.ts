import { randomBytes } from 'node:crypto';
import { Command, Option } from 'commander';
import { night, type NightEvent } from '../campaign/night/night.js';
import { readState, recordsPath, seedOf } from '../campaign/night/night-state.js';
import { RecordFile } from '../campaign/records/record-file.js';
import { listingsOf } from '../campaign/traces/listing.js';
import { sourceLine } from '../image/line-table.js';
import { exitStatus, type RunResult } from '../campaign/records/result.js';
import { WHOLE } from '../campaign/records/shard.js';
import { applyRules } from '../expect/apply-rules.js';
import { type EndedNight, endNight } from '../history/end-night.js';
import { openHistory, writeHistory } from '../history/nights.js';
import { onlyFresh } from '../history/standing.js';
import { colours as pc } from '../text/colours.js';
import { shorten } from '../text/escape.js';
import { openAnnouncer } from './announce.js';
import { claimState } from './claim-folder.js';
import { writeFinding } from './findings.js';
import { type Outputs, printAs, withFormat } from './format-option.js';
import { onInterrupt } from './interrupt.js';
import { startNightProgress } from './night-progress.js';
import { collect, duration, IMAGES, TARGET_HELP, workerCount } from './options.js';
import { originOfProcess } from './origin.js';
import { openProject, type ProjectFlags, withKnown, withPlaces } from './project.js';
import { writeResults } from './result-folder.js';
import { type ShardFlags, withShard } from './shard-option.js';
import { statusOf, tellUnjudged } from './unjudged.js';

interface NightFlags extends Omit<ProjectFlags, 'out'>, ShardFlags {
  time: number;
  state: string;
  newOnly: boolean;
  announce?: string;
  format: Outputs;
  verbose: boolean;
  quiet: boolean;
}

const EIGHT_HOURS = 8 * 3_600_000;

export function nightlyCommand(): Command {
  const command = new Command('nightly')
    .description('fuzz all targets for a time; the next night goes on where this one ended, or was killed')
    .argument('[IMAGE...]', `in place of the targets of the configuration: ${IMAGES}`)
    .option('--contract <SET>', 'contract set, a JSON file with one, or auto')
    .option('--target <GLOB>', TARGET_HELP, collect, [])
    .option('--property <GLOB>', 'only these properties (repeatable)', collect, [])
    .addOption(
      new Option('--time <T>', 'how long, such as 30m or 8h').argParser(duration).default(EIGHT_HOURS, 'eight hours'),
    )
    .requiredOption('--state <DIR>', 'where the night keeps everything that it learns')
    .option('--workers <N>', 'worker threads (default: one for each processor)', workerCount)
    .option('--new-only', 'fail only on what is new tonight; what stood before is told, and accepted', false)
    .option('--announce <FILE>', 'append what is found, and what is gone, as JSON lines while it runs')
    .option('--verbose', 'tell every case that joins the corpus, too', false)
    .option('--quiet', 'no progress', false);
  withShard(command, 'of a new state (default: a fresh one); a state keeps its seed');
  return withPlaces(withKnown(withFormat(command)), 'expect', 'cases').action(
    async (images: string[], flags: NightFlags) => {
      process.exitCode = await run(images, flags);
    },
  );
}

async function run(images: string[], flags: NightFlags): Promise<number> {
  const { state: folder, shard = WHOLE, time, quiet } = flags;
  const { selection, stored, rules, knownRules, workers } = await openProject(images, flags);
  const { targets, notes } = selection;
  const announcer = openAnnouncer(flags.announce);
  const release = claimState(folder);
  const interrupt = onInterrupt();
  const progress = startNightProgress(time, quiet);
  let cases = 0;
  try {
    const state = readState(folder);
    const seed = seedOf(state, flags.seed, folder, () => randomBytes(4).toString('hex'));
    const { history, note } = openHistory(folder);
    for (const text of [...state.notes, ...(note === undefined ? [] : [note])]) progress.log(`tdxfuzz: ${text}`);
    announcer.begin({ state: folder, resumed: state.records.length > 0, targets: targets.length });
    const records = new RecordFile(recordsPath(folder));
    const found = await night({
      targets,
      seed,
      milliseconds: time,
      workers,
      shard,
      stored: [...stored.corpus, ...stored.own],
      state,
      records,
      origin: originOfProcess(),
      onEvent: (event) =>
        announcer.event(
          event,
          announce(event, folder, flags, (line) => progress.log(line)),
        ),
      onProgress(done) {
        ({ cases } = done);
        progress.update(done);
      },
      interrupted: interrupt.interrupted,
    });
    records.close();
    progress.stop();
    const ruled = applyRules(found, [...rules, ...knownRules], { known: selection.known, inFull: () => false });
    const ended = endNight(history, state.records, ruled.result, cases);
    const result = flags.newOnly ? withoutStanding(ended) : ended.result;
    // A killed process leaves the result without the history at worst: then the next night calls new what this one did.
    writeResults(result, folder, targets);
    writeHistory(folder, ended.history);
    printAs(flags.format, result, folder, { notes, listings: () => listingsOf(targets, result, sourceLine) });
    tellUnjudged(selection);
    const status = statusOf(selection, exitStatus(result));
    announcer.end(result.run, cases, status);
    return status;
  } finally {
    announcer.close();
    progress.stop();
    interrupt.release();
    release();
  }
}

/** What stood before is accepted: it fails no night, and is told all the same. */
function withoutStanding({ result, standing }: EndedNight): RunResult {
  return { ...result, result: { ...result.result, targets: onlyFresh(result.result.targets, standing) } };
}

/**
 * Tells what is on the disk now; results go to stdout at the end, so this is progress.
 *
 * @returns the path of the case of a finding
 */
function announce(
  event: NightEvent,
  folder: string,
  { verbose }: NightFlags,
  log: (line: string) => void,
): string | undefined {
  const at = new Date().toISOString().slice(11, 19);
  switch (event.kind) {
    case 'finding': {
      const { property, slot, place } = event.finding;
      // How often it is hit, and what it belongs to, is known at the end.
      const alone = { finding: { ...event.finding, hits: 1 }, others: [], alsoBreaks: [], isAccepted: false };
      const path = writeFinding(alone, folder);
      const word = event.isFormer ? pc.yellow('still there') : pc.red('finding');
      log(`${at} ${word} ${shorten(event.target)}: ${property}: ${slot} at ${shorten(place)}  ${path}`);
      return path;
    }
    case 'gone': {
      const { property, place } = event.finding;
      log(`${at} ${shorten(event.target)}: gone with the new code: ${property} at ${shorten(place)}`);
      break;
    }
    case 'entry':
      if (verbose) log(`${at} corpus ${shorten(event.target)}: ${event.entry.digest}`);
      break;
    case 'note':
      log(`${at} ${event.text}`);
  }
  return undefined;
}

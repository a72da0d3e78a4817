import { Command } from 'commander';
import { matchesGlob } from '../campaign/targets/glob.js';
import { recordsOf } from '../campaign/records/record-folder.js';
import { verify } from '../campaign/blocks/verify.js';
import { UsageError } from '../errors.js';
import { shorten } from '../text/escape.js';
import { nearest } from '../text/nearest.js';
import { EXIT_INTERRUPTED, onInterrupt } from './interrupt.js';
import { collect, wholeNumber } from './options.js';
import { openProject, type PlaceFlags, withPlaces } from './project.js';
import { startProgress } from './progress.js';

interface VerifyFlags extends Pick<PlaceFlags, 'config'> {
  contract?: string;
  target: string[];
  block?: number;
  quiet: boolean;
}

export function verifyCommand(): Command {
  const command = new Command('verify')
    .description('compute the blocks of a recorded run or night again, and compare')
    .argument('<DIR>', 'a folder that fuzz --out, merge or nightly wrote')
    .argument(
      '[IMAGE...]',
      'the images that were fuzzed; those of the configuration, or the built-in targets, without one',
    )
    .option('--contract <SET>', 'as it was given then (default: auto)')
    .option('--target <GLOB>', 'only blocks of these targets, and bindings as they were given then', collect, [])
    .option('--block <N>', 'only the piece that begins with this block', wholeNumber)
    .option('--quiet', 'no progress bar', false);
  return withPlaces(command).action(async (folder: string, images: string[], flags: VerifyFlags) => {
    process.exitCode = await run(folder, images, flags);
  });
}

/** Without the fingerprint. */
function nameOf(id: string): string {
  return id.slice(0, id.lastIndexOf('@'));
}

async function run(folder: string, images: string[], flags: VerifyFlags): Promise<number> {
  const { target, block, quiet } = flags;
  const records = [...recordsOf(folder)].map(({ record }) => record);
  const bindings = target.filter((text) => text.includes('='));
  const globs = target.filter((text) => !text.includes('='));
  const { targets } = (await openProject(images, { ...flags, target: bindings, property: [] })).selection;
  const isChosen = (name: string, first: number): boolean =>
    (globs.length === 0 || globs.some((glob) => matchesGlob(nameOf(name), glob))) &&
    (block === undefined || first === block);
  const recorded = records.filter((record) => record.kind === 'blocks');
  if (recorded.length === 0) throw new UsageError(`${shorten(folder)}: has no recorded blocks; give another folder`);
  const names = [...new Set(recorded.map((record) => nameOf(record.target)))];
  const idle = globs.find((glob) => !names.some((name) => matchesGlob(name, glob)));
  if (idle !== undefined)
    throw new UsageError(`--target ${shorten(idle)} matches no recorded target; ${nearest(idle, names)}`);
  const chosen = recorded.filter((record) => isChosen(record.target, record.block));
  if (chosen.length === 0) {
    const first = recorded.map((record) => record.block).sort((a, b) => a - b);
    throw new UsageError(
      `--block ${block}: no recorded piece of the chosen targets begins with it; they begin with ${[...new Set(first)].slice(0, 5).join(', ')}`,
    );
  }
  const progress = startProgress(chosen.length, 'blocks', quiet);
  const interrupt = onInterrupt();
  let [same, cases, wrong] = [0, 0, 0];
  const left = new Map<string, string>();
  try {
    for (const found of verify(records, targets, (record) => isChosen(record.target, record.block))) {
      if ('reason' in found) left.set(`${found.target}: ${found.reason}`, found.target);
      else if (found.difference === undefined) same++;
      else {
        wrong++;
        process.stdout.write(`${shorten(found.target)}: block ${found.block}: ${found.difference} differs\n`);
      }
      if ('cases' in found) cases += found.cases;
      progress.update(same + wrong);
      if (interrupt.stopped()) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    progress.stop();
    interrupt.release();
  }
  for (const line of left.keys()) process.stderr.write(`tdxfuzz: ${shorten(line, 400)}\n`);
  process.stdout.write(
    `${interrupt.stopped() ? 'interrupted: ' : ''}${same} of ${chosen.length} pieces are the same again, ${wrong} differ, in ${cases.toLocaleString('en-US')} cases\n`,
  );
  if (wrong > 0) return 1;
  if (left.size > 0) return 2;
  return interrupt.stopped() ? EXIT_INTERRUPTED : 0;
}

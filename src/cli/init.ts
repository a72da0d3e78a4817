import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { matchesGlob } from '../campaign/targets/glob.js';
import { isWanted, ownPart } from '../campaign/targets/own-part.js';
import { CONFIG_NAMES } from '../config/load-config.js';
import { CONTRACT_SETS } from '../contract/library/sets.js';
import { UsageError } from '../errors.js';
import { makeFolders, replaceFile } from '../files.js';
import type { Image } from '../image/image.js';
import { openImages } from '../image/open-images.js';
import { describeProposal } from '../init/describe.js';
import { entriesOf, type Entry } from '../init/entries.js';
import type { ConventionName } from '../x86/conventions.js';
import { propose } from '../init/propose.js';
import { tryOut } from '../init/trial.js';
import { type Ci, projectFiles, type Written, type WrittenImage } from '../init/write-project.js';
import { isModelled } from '../stage/outside.js';
import { colours as pc } from '../text/colours.js';
import { shorten } from '../text/escape.js';
import { nearest } from '../text/nearest.js';
import { collect, IMAGES, positiveInteger, workerCount } from './options.js';

interface InitFlags {
  target: string[];
  convention?: ConventionName;
  library: boolean;
  runs: number;
  workers?: number;
  ci?: Ci;
  out: string;
  force: boolean;
  dryRun: boolean;
}

/** Cases of a trial run: seconds for each function. */
const TRIAL_RUNS = 5000;

export function initCommand(): Command {
  return new Command('init')
    .description(
      'propose a contract for every function with TDCALL or SEAMCALL from its code, run it, and write configuration, contracts and CI files',
    )
    .argument('<IMAGE...>', IMAGES)
    .option('--target <GLOB>', 'only these functions (repeatable)', collect, [])
    .addOption(
      new Option('--convention <NAME>', 'their calling convention (default: what code and file format say)').choices([
        'sysv',
        'ms-x64',
      ]),
    )
    .option('--no-library', 'a contract of its own also for a function that one of the library fits')
    .option('--runs <N>', 'cases of the trial run of each function', positiveInteger, TRIAL_RUNS)
    .option('--workers <N>', 'worker threads', workerCount)
    .addOption(
      new Option('--ci <WHAT>', 'CI files (default: github where there is a folder .github)').choices([
        'github',
        'kubernetes',
        'none',
      ]),
    )
    .option('--out <DIR>', 'folder of the configuration', '.')
    .option('--force', 'replace files that are there', false)
    .option('--dry-run', 'print the files and write none', false)
    .action(async (images: string[], flags: InitFlags) => {
      process.exitCode = await init(images, flags);
    });
}

interface Found {
  readonly paths: readonly string[];
  readonly entries: readonly Entry[];
}

async function init(paths: string[], flags: InitFlags): Promise<number> {
  const found = selected(open(paths), flags.target);
  const images: WrittenImage[] = [];
  for (const { paths: names, entries } of found) {
    const functions: Written[] = [];
    for (const entry of entries) {
      const written = await proposeOne(entry, names, flags);
      if (written !== undefined) functions.push(written);
    }
    const places = names.map((path) => relative(resolve(flags.out), resolve(path)) || path);
    if (functions.length > 0) images.push({ paths: places, functions });
  }
  if (images.length === 0)
    throw new UsageError(
      `${shorten(paths[0])}: nothing to propose; write a contract by hand (docs/your-own-stub.md), or see what tdxfuzz list contracts has`,
    );
  const ci = flags.ci ?? (existsSync(join(flags.out, '.github')) ? 'github' : 'none');
  write(images, setName(paths[0]), ci, flags);
  return images.some(({ functions }) => functions.some(({ findings }) => findings.length > 0)) ? 1 : 0;
}

/** Paths that are one image stay one. */
function open(paths: readonly string[]): Found[] {
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined) throw new UsageError(`${shorten(twice)}: named twice; name every image once`);
  const { files, notes } = openImages(paths, { isWanted: (input) => isWanted(input, new Set()), isModelled });
  for (const note of notes) process.stdout.write(`note: ${note}\n`);
  const byImage = new Map<Image, { paths: string[]; entries: Entry[] }>();
  for (const file of files) {
    const one = byImage.get(file.image) ?? { paths: [], entries: [] };
    byImage.set(file.image, one);
    one.paths.push(file.path);
    one.entries.push(...entriesOf(file.image, ownPart(file)));
  }
  const found = [...byImage.values()];
  if (found.every(({ entries }) => entries.length === 0))
    throw new UsageError(
      `${paths.map((path) => shorten(path)).join(', ')}: no TDCALL and no SEAMCALL in it; give the object that has them`,
    );
  return found;
}

function selected(found: readonly Found[], globs: readonly string[]): Found[] {
  const names = found.flatMap(({ entries }) => entries.map(({ symbol }) => symbol));
  for (const glob of globs)
    if (!names.some((name) => matchesGlob(name, glob)))
      throw new UsageError(
        `--target ${shorten(glob)} matches no function with TDCALL or SEAMCALL; ${nearest(glob, names)}`,
      );
  if (globs.length === 0) return [...found];
  return found.map(({ paths, entries }) => ({
    paths,
    entries: entries.filter(({ symbol }) => globs.some((glob) => matchesGlob(symbol, glob))),
  }));
}

/** Prints a screen. @returns nothing where there is nothing to propose, which is printed too */
async function proposeOne(
  { symbol, image }: Entry,
  paths: readonly string[],
  flags: InitFlags,
): Promise<Written | undefined> {
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const proposal = propose(image, symbol, {
    source: `proposed by tdxfuzz init from the code in ${paths.map((path) => basename(path)).join(', ')}; nobody has confirmed it`,
    ...(flags.convention !== undefined && { convention: flags.convention }),
    library: flags.library ? CONTRACT_SETS : [],
  });
  if (proposal.kind === 'none') {
    print(`${pc.bold(shorten(symbol))}\n  nothing proposed: ${shorten(proposal.reason, 400)}\n`);
    return undefined;
  }
  const trial = await tryOut(image, proposal, { runs: flags.runs, workers: flags.workers ?? availableParallelism() });
  const [title, ...lines] = describeProposal(proposal, trial);
  print(`${pc.bold(title)}\n${lines.join('\n')}\n`);
  const { known } = proposal;
  return {
    symbol,
    contract: trial.contract,
    ...(known !== undefined && { known: `${known.set}/${known.contract.symbol}` }),
    questions: trial.questions,
    findings: trial.findings.map(({ property, slot, place }) => `${property}: ${slot} at ${place}`),
  };
}

/** A name of a set that the schema allows, from that of a file. */
function setName(path: string): string {
  const base = basename(path)
    .replace(/\.\w+$/, '')
    .replace(/[^A-Za-z0-9_.-]/g, '-')
    .slice(0, 80);
  return /^[A-Za-z_]/.test(base) ? base : `set-${base}`;
}

function write(images: readonly WrittenImage[], name: string, ci: Ci, { out, force, dryRun }: InitFlags): void {
  const files = projectFiles(images, name, ci);
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  if (dryRun) {
    for (const { path, text } of files) print(`${pc.bold(`--- ${join(out, path)}`)}\n${text}`);
    print('nothing written (--dry-run)');
    return;
  }
  const there = [...CONFIG_NAMES, ...files.map(({ path }) => path)].find((path) => existsSync(join(out, path)));
  if (there !== undefined && !force)
    throw new UsageError(
      `${shorten(join(out, there))}: there already, so that nothing is written; --force replaces files, --out DIR writes elsewhere`,
    );
  for (const { path, text } of files) {
    makeFolders(dirname(resolve(out, path)));
    replaceFile(join(out, path), text);
    print(`wrote ${shorten(join(out, path))}`);
  }
  const config = out === '.' ? '' : ` --config ${shorten(join(out, files[0].path))}`;
  print(`next: npx tdxfuzz gate${config}`);
}

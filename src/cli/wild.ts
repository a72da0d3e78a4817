import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { PROPERTY_NAMES } from '../../properties/all.js';
import { fuzz } from '../campaign/fuzz.js';
import { selectTargets } from '../campaign/targets/select-targets.js';
import { UsageError } from '../errors.js';
import { applyRules } from '../expect/apply-rules.js';
import { knownRulesOf } from '../expect/known-rules.js';
import { packageRoot, toolVersion } from '../package-info.js';
import { plainTable } from '../report/plain-table.js';
import { colours as pc } from '../text/colours.js';
import { shorten } from '../text/escape.js';
import { fetchKernel, wildCache } from '../wild/packages.js';
import { changesOf, functionsOf, readWild, WILD_SCHEMA, type WildImage, type WildTable } from '../wild/wild-file.js';
import { onInterrupt } from './interrupt.js';
import { collect, positiveInteger, seedText, workerCount } from './options.js';
import { knownRules } from './project.js';
import { startProgress } from './progress.js';

interface WildFlags {
  image: string[];
  origin: string[];
  runs?: number;
  seed?: string;
  workers: number;
  check: boolean;
  write: boolean;
  table?: string;
  format: 'text' | 'json';
  quiet: boolean;
}

/** Debian's kernels that the tool is held against: one with known defects in its port I/O, and one where they are mended. */
const PACKAGES = ['linux-image-6.12.100+deb12-cloud-amd64', 'linux-image-6.12.117+deb12-cloud-amd64'];
const DEFAULT_RUNS = 20_000;
const DEFAULT_SEED = 'wild';

export function wildCommand(): Command {
  return new Command('wild')
    .description('fetch kernels by the names of their packages, or take files, and judge every TDX function in them')
    .argument(
      '[PACKAGE...]',
      `packages for the system's own client (default ${PACKAGES.join(', ')}; none with --image)`,
    )
    .option('--image <FILE>', 'a file in place of a package: kernel, object, firmware module (repeatable)', collect, [])
    .option(
      '--origin <TEXT>',
      'where the file is from: source commit, tool chain; once for each --image, in order',
      collect,
      [],
    )
    .option('--runs <N>', `cases of each function (default ${DEFAULT_RUNS}, or those of the table)`, positiveInteger)
    .option('--seed <TEXT>', `seed (default ${DEFAULT_SEED}, or that of the table)`, seedText)
    .option('--workers <N>', 'worker threads', workerCount, 1)
    .option('--table <FILE>', 'the table that is kept (default reports/wild.json of the checkout)')
    .option('--write', 'keep what was said, in place of what the table has of the same names', false)
    .option('--check', 'compare with the table: any change fails; without names, all packages of the table', false)
    .addOption(new Option('--format <F>', 'how to print').choices(['text', 'json']).default('text'))
    .option('--quiet', 'no progress bar', false)
    .action(async (packages: string[], flags: WildFlags) => {
      process.exitCode = await wild(packages, flags);
    });
}

/** What is judged: a package, or a file. */
interface Wanted {
  readonly name: string;
  readonly origin?: string | undefined;
  /** Of a file; a package is fetched when its turn comes. */
  readonly path?: string;
}

async function wild(packages: readonly string[], flags: WildFlags): Promise<number> {
  const path = flags.table ?? join(packageRoot(), 'reports/wild.json');
  if (flags.write && flags.check)
    throw new UsageError('--check: compares with the table, and --write replaces it; give one');
  if (flags.origin.length > flags.image.length) throw new UsageError('--origin: one for each --image, and no more');
  const table = flags.check || existsSync(path) ? readWild(path) : undefined;
  const runs = flags.runs ?? table?.runs ?? DEFAULT_RUNS;
  const seed = flags.seed ?? table?.seed ?? DEFAULT_SEED;
  const wanted = wantedOf(packages, flags, table);
  if (flags.write) refuseMixed(path, table, wanted, runs, seed);
  const images: WildImage[] = [];
  for (const one of wanted) {
    const image = await judge(one, runs, seed, flags);
    images.push(image);
    if (flags.format === 'text') process.stdout.write(`${imageText(image)}\n`);
    if (flags.write) keep(path, image, runs, seed);
  }
  if (flags.format === 'json') process.stdout.write(`${JSON.stringify(tableOf(images, runs, seed), null, 2)}\n`);
  if (flags.check && table !== undefined) return check(table, images);
  return statusOf(images);
}

function wantedOf(
  packages: readonly string[],
  { image, origin, check: checks }: WildFlags,
  table: WildTable | undefined,
): Wanted[] {
  const files = image.map((path, index): Wanted => ({
    name: path.slice(path.lastIndexOf('/') + 1),
    path,
    origin: origin[index],
  }));
  if (packages.length > 0 || files.length > 0) return [...packages.map((name) => ({ name })), ...files];
  if (!checks || table === undefined) return PACKAGES.map((name) => ({ name }));
  return table.images.filter(({ version }) => version !== undefined).map(({ name }) => ({ name }));
}

async function judge({ name, path, origin }: Wanted, runs: number, seed: string, flags: WildFlags): Promise<WildImage> {
  const fetched = path === undefined ? fetchKernel(name, wildCache()) : undefined;
  const options = { contract: 'auto', target: [], property: [], propertyNames: PROPERTY_NAMES };
  const { targets, unjudged } = selectTargets({ ...options, images: [fetched?.path ?? path ?? name] });
  for (const line of unjudged) process.stderr.write(`tdxfuzz: ${line}\n`);
  const progress = startProgress(runs * targets.length, 'cases', flags.quiet);
  const interrupt = onInterrupt();
  try {
    const { workers } = flags;
    const found = await fuzz({
      targets,
      seed,
      budget: { runs },
      workers,
      examine: false,
      onProgress: (done) => progress.update(done),
      stopped: interrupt.stopped,
    });
    if (found.run.interrupted) throw new UsageError('interrupted: nothing was kept');
    const rules = knownRulesOf(targets, knownRules());
    const { result } = applyRules(found, rules, { known: targets.map((target) => target.name), inFull: () => false });
    return {
      name,
      ...(fetched !== undefined && { version: fetched.version }),
      ...(origin !== undefined && { origin }),
      hash: targets[0].image.hash,
      functions: functionsOf(result),
    };
  } finally {
    progress.stop();
    interrupt.release();
  }
}

function imageText({ name, version, hash, functions }: WildImage): string {
  const rows = functions.flatMap(({ function: symbol, contract, verdict, problem, findings }) => {
    const first = [shorten(symbol), shorten(contract)];
    if (findings.length === 0)
      return [[...first, '', verdict === 'holds' ? pc.green(verdict) : pc.red(verdict), shorten(problem ?? '', 200)]];
    return findings.map(({ property, slot, place, known }) => [
      ...first,
      property,
      known === undefined ? pc.red('new') : pc.yellow('known'),
      shorten(`${slot} at ${place}`),
    ]);
  });
  const head = `${pc.bold(shorten(name))}${version === undefined ? '' : ` ${shorten(version)}`}  ${pc.dim(`sha256 ${hash.slice(0, 12)}`)}`;
  return `${head}\n${plainTable([['function', 'contract', 'property', 'verdict', ''].map((text) => pc.dim(text)), ...rows])}\n`;
}

/** The highest wins: 2 without a verdict, 1 for what no rule knows. */
function statusOf(images: readonly WildImage[]): number {
  const verdicts = images.flatMap(({ functions }) => functions.map(({ verdict }) => verdict));
  if (verdicts.includes('no verdict')) return 2;
  return verdicts.includes('new') ? 1 : 0;
}

function check(table: WildTable, images: readonly WildImage[]): number {
  const lines = images.flatMap((now) => {
    const before = table.images.find(({ name }) => name === now.name);
    return before === undefined
      ? [`${now.name}: is not in the table; tdxfuzz wild --write adds it`]
      : changesOf(before, now);
  });
  const unchecked = table.images
    .filter(({ name }) => !images.some((now) => now.name === name))
    .map(({ name }) => shorten(name));
  for (const line of lines) process.stdout.write(`${pc.red('changed')}: ${shorten(line, 600)}\n`);
  if (unchecked.length > 0)
    process.stdout.write(`not checked: ${unchecked.join(', ')}; name them, or give them with --image\n`);
  if (images.length === 0)
    throw new UsageError('--check: nothing of the table was given; name a package, or --image FILE');
  process.stdout.write(
    lines.length === 0 ? `${pc.green('unchanged')}: ${images.length} of ${table.images.length}\n` : '',
  );
  return lines.length === 0 ? 0 : 1;
}

function tableOf(images: WildImage[], runs: number, seed: string): WildTable {
  return { schema: WILD_SCHEMA, tool: toolVersion(), seed, runs, images };
}

/** One table is of one seed and one number of cases. @throws UsageError where images would stay that are of others */
function refuseMixed(
  path: string,
  table: WildTable | undefined,
  wanted: readonly Wanted[],
  runs: number,
  seed: string,
): void {
  if (table === undefined || (table.runs === runs && table.seed === seed)) return;
  if (table.images.every(({ name }) => wanted.some((one) => one.name === name))) return;
  throw new UsageError(
    `${shorten(path)}: has other images of --runs ${table.runs} --seed ${shorten(table.seed)}; write all of them anew`,
  );
}

/** Each image as soon as it is judged: whatever comes behind it may take long, and another run may write too. */
function keep(path: string, image: WildImage, runs: number, seed: string): void {
  const table = existsSync(path) ? readWild(path) : undefined;
  const isSame = table?.runs === runs && table.seed === seed;
  const others = (isSame ? table.images : []).filter(({ name }) => name !== image.name);
  const all = [...others, image].sort((a, b) => (a.name < b.name ? -1 : 1));
  try {
    writeFileSync(`${path}.new`, `${JSON.stringify(tableOf(all, runs, seed), null, 2)}\n`);
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw new UsageError(`--table ${shorten(path)}: cannot be written: ${(error as Error).message}`);
  }
}

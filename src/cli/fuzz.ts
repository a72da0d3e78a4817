import { accessSync, constants, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { randomBytes } from 'node:crypto';
import { Command, Option } from 'commander';
import { PROPERTY_NAMES } from '../../properties/all.js';
import { fuzz } from '../campaign/fuzz.js';
import { exitStatus, type RunResult } from '../campaign/result.js';
import { selectTargets, type Selection } from '../campaign/select-targets.js';
import type { AnyTarget } from '../campaign/target.js';
import { casesOf, PROJECT_CASES } from '../case/stored-cases.js';
import { UsageError } from '../errors.js';
import { packageRoot } from '../package-info.js';
import { shorten } from '../text/escape.js';
import { resultJson } from '../report/json.js';
import { summary, targetTable } from '../report/terminal.js';
import { describer, replayCommandLine, writeFindings } from './findings.js';
import { onInterrupt } from './interrupt.js';
import { collect, duration, positiveInteger, seedText, workerCount } from './options.js';
import { startProgress } from './progress.js';

interface FuzzFlags {
  contract: string;
  target: string[];
  property: string[];
  runs?: number;
  time?: number;
  seed: string;
  workers: number;
  format: 'table' | 'json';
  out?: string;
  classes: boolean;
  quiet: boolean;
}

const DEFAULT_RUNS = 10_000;
/** Findings printed in full; the rest is in the result's folder. */
const IN_FULL = 10;

export function fuzzCommand(): Command {
  return new Command('fuzz')
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
    .addOption(new Option('--format <F>', 'how to print the result').choices(['table', 'json']).default('table'))
    .option('--out <DIR>', 'where results go (default ./tdxfuzz-out, written when something was found)')
    .option('--classes', 'print how many cases each class had', false)
    .option('--quiet', 'no progress bar', false)
    .action(async (images: string[], flags: FuzzFlags) => {
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
  if (flags.out !== undefined) prepareOut(flags.out);
  const runs = flags.runs ?? DEFAULT_RUNS;
  const budget = flags.time === undefined ? { runs } : { milliseconds: flags.time };
  const progress = startProgress(flags.time === undefined ? runs * selection.targets.length : 0, 'cases', flags.quiet);
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
      onProgress: (cases) => progress.update(cases),
      stopped: interrupt.stopped,
    });
  } finally {
    progress.stop();
    interrupt.release();
  }
  let out: string | undefined;
  let unwritten: unknown;
  try {
    out = writeResults(result, selection.targets, flags.out);
  } catch (error) {
    // What was found is printed all the same.
    unwritten = error;
  }
  if (flags.format === 'json') process.stdout.write(resultJson(result));
  else printResult(result, selection, out, flags.classes);
  for (const { target, image, problem } of result.result.targets) {
    if (problem !== undefined) process.stderr.write(`tdxfuzz: ${image}: ${target}: no verdict: ${problem}\n`);
  }
  if (unwritten !== undefined) throw unwritten;
  return exitStatus(result);
}

/**
 * The folder for results, made before a long run rather than after it.
 *
 * @throws UsageError if nothing can be written there
 */
function prepareOut(folder: string): void {
  try {
    // One level at a time: a recursive mkdir never comes back from some file systems (/proc).
    for (const part of ancestors(folder)) if (!existsSync(part)) makeFolder(part);
    if (!existsSync(join(folder, '.gitignore'))) writeFileSync(join(folder, '.gitignore'), '*\n');
    else accessSync(folder, constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `--out ${shorten(folder)}: cannot write there (${code ?? 'error'}); name a folder that you can write to`,
    );
  }
}

/** Another run may make the same folder at the same time. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** `a/b/c` -> a, a/b, a/b/c. */
function ancestors(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [...ancestors(parent), folder];
}

/** Results are written when there is something to keep, or when the user named a folder. @returns the folder, or undefined */
function writeResults(result: RunResult, targets: readonly AnyTarget[], asked: string | undefined): string | undefined {
  const found = result.result.targets.some(({ findings }) => findings.length > 0);
  if (asked === undefined && !found) return undefined;
  const out = asked ?? defaultOut();
  prepareOut(out);
  result.run.out = out;
  try {
    writeFileSync(join(out, 'result.json'), resultJson(result));
  } catch (error) {
    throw new UsageError(`--out ${shorten(out)}: cannot write result.json: ${(error as Error).message}`);
  }
  writeFindings(result, targets, out);
  return out;
}

/** In the project's own checkout results go under reports/, elsewhere into a folder of their own. */
function defaultOut(): string {
  return process.cwd() === packageRoot() ? 'reports/out' : 'tdxfuzz-out';
}

function printResult(
  result: RunResult,
  { targets, notes }: Selection,
  out: string | undefined,
  classes: boolean,
): void {
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  for (const target of result.result.targets) print(`${targetTable(target, classes)}\n`);
  let number = 0;
  const total = result.result.targets.reduce((sum, { findings }) => sum + findings.length, 0);
  result.result.targets.forEach((target, index) => {
    if (target.findings.length === 0) return;
    const describe = describer(targets[index]);
    for (const finding of target.findings) {
      const title = `finding ${++number} of ${total}`;
      if (number <= IN_FULL) print(`${describe.text(finding, replayCommandLine(finding, out), title)}\n`);
      else print(`${title}: ${finding.property}: ${finding.slot} at ${shorten(finding.place)}`);
    }
  });
  for (const note of notes) print(`note: ${note}`);
  print(summary(result));
  if (out !== undefined) print(`results in ${relative('.', out) || out}`);
}

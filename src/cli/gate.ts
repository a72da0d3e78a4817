import { Command, Option } from 'commander';
import { type RunResult, exitStatus } from '../campaign/records/result.js';
import { speaksOf } from '../campaign/records/replays.js';
import { newRecords } from '../campaign/records/record-folder.js';
import { type Shard, WHOLE } from '../campaign/records/shard.js';
import { listingsOf } from '../campaign/traces/listing.js';
import { anywhereInFunction, type Found, uncovered } from '../expect/rule.js';
import { sourceLine } from '../image/line-table.js';
import { escapeName } from '../text/escape.js';
import { applyRules } from '../expect/apply-rules.js';
import { acceptKnown, compareResults, readResult } from '../gate/compare.js';
import { gate, GATE_RUNS } from '../gate/gate.js';
import { askedRuns, type RunsOf, usualRuns } from './gate-runs.js';
import { claimResultFolder } from './claim-folder.js';
import { type Outputs, render, tellGaps, withFormat, writeFiles } from './format-option.js';
import { onInterrupt } from './interrupt.js';
import { collect, duration, IMAGES, positiveInteger, seedText, TARGET_HELP, workerCount } from './options.js';
import { gateNotes, printGate } from './print-gate.js';
import { originOfProcess } from './origin.js';
import { openProject, type Project, type ProjectFlags, withKnown, withPlaces } from './project.js';
import { startProgress } from './progress.js';
import { keepResults } from './result-folder.js';
import { requireOut, shardOption } from './shard-option.js';
import { statusOf, tellUnjudged } from './unjudged.js';

interface GateFlags extends ProjectFlags {
  runs?: number;
  programRuns?: number;
  seed?: string;
  newOnly?: string;
  format: Outputs;
  time?: number;
  shard?: Shard;
  failFast: boolean;
  verbose: boolean;
  quiet: boolean;
}

export function gateCommand(): Command {
  const command = new Command('gate')
    .description(
      'before a merge: stored cases, then a fixed number of fresh ones; fails on findings that no rule covers',
    )
    .argument('[IMAGE...]', `in place of the targets of the configuration: ${IMAGES}`)
    .option('--contract <SET>', 'contract set, a JSON file with one, or auto')
    .option('--target <GLOB>', TARGET_HELP, collect, [])
    .option('--property <GLOB>', 'only these properties (repeatable)', collect, [])
    .option('--runs <N>', `cases per target (default ${GATE_RUNS.stub} for a stub)`, positiveInteger)
    .option('--program-runs <N>', `cases per program (default --runs, or ${GATE_RUNS.program})`, positiveInteger)
    .addOption(
      new Option(
        '--time <T>',
        'no longer than that, though targets have had fewer cases; which ones is told',
      ).argParser(duration),
    )
    .addOption(shardOption())
    .option('--fail-fast', 'end with the first finding that no rule covers', false)
    .addOption(
      new Option('--seed <TEXT>', 'one seed for all targets (default: of each from its code)').argParser(seedText),
    )
    .option('--new-only <DIR>', 'fail only on findings that the result in this folder does not have')
    .option('--workers <N>', 'worker threads (default: one for each processor)', workerCount)
    .option('--out <DIR>', 'where results go (default ./tdxfuzz-out, written when something was found)')
    .option('--verbose', 'the table of every target', false)
    .option('--quiet', 'no progress bar', false);
  return withPlaces(withKnown(withFormat(command)), 'expect', 'cases').action(
    async (images: string[], flags: GateFlags) => {
      process.exitCode = await run(images, flags);
    },
  );
}

async function run(images: string[], flags: GateFlags): Promise<number> {
  const project = await openProject(images, flags);
  const { out } = project;
  // Read first: it may be the folder that the results go to.
  const base = flags.newOnly === undefined ? undefined : readResult(flags.newOnly);
  const { shard = WHOLE } = flags;
  requireOut(shard, out);
  const release = out === undefined ? () => undefined : claimResultFolder(out, shard);
  try {
    return await gateProject(project, base, flags);
  } finally {
    release();
  }
}

/** The folder for results is claimed. */
async function gateProject(project: Project, base: RunResult | undefined, flags: GateFlags): Promise<number> {
  const { selection, stored, out: asked } = project;
  const usual = usualRuns(project);
  const runsOf = askedRuns(flags) ?? usual;
  const all = selection.targets.reduce((sum, target) => sum + runsOf(target), 0);
  const { shard = WHOLE } = flags;
  const records = asked === undefined ? undefined : newRecords(asked, shard);
  const progress = startProgress(all / shard.of, 'cases', flags.quiet, selection.targets.length);
  const interrupt = onInterrupt();
  let found: RunResult;
  try {
    found = await gate({
      targets: selection.targets,
      ...(flags.seed !== undefined && { seed: flags.seed }),
      runsOf,
      workers: project.workers,
      stored: [...stored.corpus, ...stored.own],
      origin: originOfProcess(),
      onProgress: progress.run,
      shard,
      ...(records !== undefined && { records }),
      ...(flags.time !== undefined && { milliseconds: flags.time }),
      ...(flags.failFast && { failsFast: failsFast(project, base) }),
      stopped: interrupt.stopped,
    });
  } finally {
    progress.stop();
    records?.close();
    interrupt.release();
  }
  const usualOf = new Map(selection.targets.map((target) => [target.name, usual(target)]));
  const { result: byProject, uses } = applyRules(found, project.rules, {
    known: selection.known,
    inFull: ({ target, cases }) => cases >= (usualOf.get(target) ?? Infinity),
  });
  // That one of the tool's own rules matched nothing is nobody's concern here.
  const options = { known: selection.known, inFull: () => false };
  const { result: ruled } = applyRules(byProject, project.knownRules, options);
  const comparison = base === undefined ? undefined : compareResults(ruled, base);
  const result = comparison === undefined ? ruled : acceptKnown(ruled, comparison);
  const { out, unwritten } = await keepResults(result, asked, selection.targets, shard);
  const report = {
    result,
    selection,
    uses,
    comparison,
    cut: shard.of === 1 ? cutTargets(result, runsOf, project) : [],
    unreplayed: unreplayed(project),
    expectationFile: project.expectationFile,
  };
  const { screen } = flags.format;
  if (screen !== 'table') {
    process.stdout.write(render(screen, result, out));
    for (const note of gateNotes(report)) process.stderr.write(`note: ${note}\n`);
  } else printGate(report, out, flags.verbose);
  tellGaps(screen, result);
  tellUnjudged(selection);
  writeFiles(flags.format, result, out, () => listingsOf(selection.targets, result, sourceLine));
  if (unwritten !== undefined) throw unwritten;
  return statusOf(selection, exitStatus(result));
}

/** What a gate that is to end with the first finding ends with: what no rule covers and the base does not have in the function. */
function failsFast(
  { rules, knownRules }: Project,
  base: RunResult | undefined,
): (target: string, found: Found) => boolean {
  const isOpen = uncovered([...rules, ...knownRules]);
  const inBase = (name: string, found: Found): boolean =>
    base?.result.targets
      .find(({ target }) => target === escapeName(name))
      ?.findings.some(
        ({ property, slot, place }) =>
          property === found.property &&
          slot === found.slot &&
          anywhereInFunction(place) === anywhereInFunction(escapeName(found.place)),
      ) === true;
  return (target, found) => isOpen(target, found) && !inBase(target, found);
}

/** Targets that the time limit left with fewer cases than they were to have. */
function cutTargets(
  { result, run }: RunResult,
  runsOf: RunsOf,
  { selection }: Project,
): { target: string; cases: number; of: number }[] {
  if (run.interrupted) return [];
  const wanted = new Map(selection.targets.map((target) => [target.name, runsOf(target)]));
  return result.targets
    .map(({ target, cases }) => ({ target, cases, of: wanted.get(target) ?? 0 }))
    .filter(({ cases, of }) => cases < of);
}

/** Stored cases that are replayed on no target: those of the project by name, those of the package as a number. */
function unreplayed({ selection: { targets }, stored }: Project): { own: string[]; corpus: number } {
  const idle = (cases: Project['stored']['own']): string[] =>
    cases.filter((one) => !targets.some((target) => speaksOf(one, target))).map(({ name }) => name);
  return { own: idle(stored.own), corpus: idle(stored.corpus).length };
}

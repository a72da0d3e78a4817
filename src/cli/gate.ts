import { Command, Option } from 'commander';
import { type RunResult, exitStatus } from '../campaign/records/result.js';
import { speaksOf } from '../campaign/records/replays.js';
import type { AnyTarget } from '../run/target.js';
import { applyRules } from '../expect/apply-rules.js';
import { acceptKnown, compareResults, readResult } from '../gate/compare.js';
import { gate, GATE_RUNS, type GateRuns, runsByKind } from '../gate/gate.js';
import { claimResultFolder } from './claim-folder.js';
import { type Format, render, tellGaps, withFormat } from './format-option.js';
import { onInterrupt } from './interrupt.js';
import { collect, IMAGES, positiveInteger, seedText, TARGET_HELP, workerCount } from './options.js';
import { gateNotes, printGate } from './print-gate.js';
import { originOfProcess } from './origin.js';
import { openProject, type Project, type ProjectFlags, withKnown, withPlaces } from './project.js';
import { startProgress } from './progress.js';
import { keepResults } from './result-folder.js';
import { statusOf, tellUnjudged } from './unjudged.js';

interface GateFlags extends ProjectFlags {
  runs?: number;
  programRuns?: number;
  seed?: string;
  newOnly?: string;
  format: Format;
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
      new Option('--seed <TEXT>', 'one seed for all targets (default: of each from its code)').argParser(seedText),
    )
    .option('--new-only <DIR>', 'fail only on findings that the result in this folder does not have')
    .option('--workers <N>', 'worker threads', workerCount)
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
  const release = out === undefined ? () => undefined : claimResultFolder(out);
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
  const progress = startProgress(all, 'cases', flags.quiet);
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
      onProgress: (cases) => progress.update(cases),
      stopped: interrupt.stopped,
    });
  } finally {
    progress.stop();
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
  const { out, unwritten } = await keepResults(result, asked, selection.targets);
  const report = {
    result,
    selection,
    uses,
    comparison,
    unreplayed: unreplayed(project),
    expectationFile: project.expectationFile,
  };
  if (flags.format !== 'table') {
    process.stdout.write(render(flags.format, result, out));
    for (const note of gateNotes(report)) process.stderr.write(`note: ${note}\n`);
  } else printGate(report, out, flags.verbose);
  tellGaps(flags.format, result);
  tellUnjudged(selection);
  if (unwritten !== undefined) throw unwritten;
  return statusOf(selection, exitStatus(result));
}

type RunsOf = (target: AnyTarget) => number;

/** What a target gets where the command line says nothing. */
function usualRuns({ config, runs }: Project): RunsOf {
  const configured = byKind(config.gate?.runs, config.gate?.programRuns);
  return (target) => runs.get(target.name) ?? (configured ?? runsByKind(GATE_RUNS))(target);
}

/** What the command line asks for, if anything. */
function askedRuns({ runs, programRuns }: GateFlags): RunsOf | undefined {
  return byKind(runs, programRuns);
}

/** One number for all, another one for programs, or the usual ones. */
function byKind(runs: number | undefined, programRuns: number | undefined): RunsOf | undefined {
  if (runs === undefined && programRuns === undefined) return undefined;
  const numbers: GateRuns = { stub: runs ?? GATE_RUNS.stub, program: programRuns ?? runs ?? GATE_RUNS.program };
  return runsByKind(numbers);
}

/** Stored cases that are replayed on no target: those of the project by name, those of the package as a number. */
function unreplayed({ selection: { targets }, stored }: Project): { own: string[]; corpus: number } {
  const idle = (cases: Project['stored']['own']): string[] =>
    cases.filter(({ file }) => !targets.some((target) => speaksOf(file, target))).map(({ name }) => name);
  return { own: idle(stored.own), corpus: idle(stored.corpus).length };
}

import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import { colours as pc } from '../text/colours.js';
import { type Exhibit, museum } from '../campaign/museum.js';
import { UsageError } from '../errors.js';
import { packageRoot } from '../package-info.js';
import { sorted } from '../report/json.js';
import { plainTable } from '../report/plain-table.js';
import { readManifest } from '../targets/manifest.js';
import { readVariants } from '../targets/variants.js';
import { shorten } from '../text/escape.js';
import { nearest } from '../text/nearest.js';
import { EXIT_INTERRUPTED, onInterrupt } from './interrupt.js';
import { positiveInteger, workerCount } from './options.js';
import { startProgress } from './progress.js';

interface MuseumFlags {
  runs: number;
  seeds: number;
  fixedRuns: number;
  fixedProgramRuns?: number;
  only?: string;
  workers: number;
  format: 'table' | 'json';
  quiet: boolean;
}

export function museumCommand(): Command {
  return new Command('museum')
    .description(
      'every broken twin must be found where its manifest says, every fixed twin and sound variant must stay silent',
    )
    .option('--runs <N>', 'cases for each broken twin on each seed', positiveInteger, 10_000)
    .option('--seeds <N>', 'number of seeds', positiveInteger, 3)
    .option('--fixed-runs <N>', 'cases for each fixed twin and variant', positiveInteger, 20_000)
    .option('--fixed-program-runs <N>', 'of a program (default: as --fixed-runs)', positiveInteger)
    .option('--only <TEXT>', 'only twins and variants whose name contains TEXT')
    .option('--workers <N>', 'worker threads', workerCount, availableParallelism())
    .addOption(new Option('--format <F>', 'how to print').choices(['table', 'json']).default('table'))
    .option('--quiet', 'no progress bar', false)
    .action(async (flags: MuseumFlags) => {
      process.exitCode = await visit(flags);
    });
}

/** @throws UsageError if no twin has that in its name */
function checkOnly(only: string): void {
  const root = packageRoot();
  const ids = [...readManifest(root), ...readVariants(root)].map(({ id }) => id);
  if (!ids.some((id) => id.includes(only)))
    throw new UsageError(`--only ${shorten(only)} matches no twin; ${nearest(only, ids)}`);
}

async function visit({
  runs,
  seeds,
  fixedRuns,
  fixedProgramRuns,
  only,
  workers,
  format,
  quiet,
}: MuseumFlags): Promise<number> {
  if (only !== undefined) checkOnly(only);
  const interrupt = onInterrupt();
  let progress: ReturnType<typeof startProgress> | undefined;
  const exhibits = await museum({
    root: packageRoot(),
    runs,
    seeds,
    fixedRuns,
    ...(fixedProgramRuns !== undefined && { fixedProgramRuns }),
    workers,
    ...(only !== undefined && { chosen: (id: string) => id.includes(only) }),
    onProgress(done, total) {
      progress ??= startProgress(total, 'cases', quiet);
      progress.update(done);
    },
    stopped: interrupt.stopped,
  });
  progress?.stop();
  interrupt.release();
  const failed = exhibits.filter((exhibit) => complaints(exhibit).length > 0).length;
  if (format === 'json')
    process.stdout.write(
      `${JSON.stringify(sorted({ schema: 'tdxfuzz/museum/1', runs, seeds, fixedRuns, exhibits }), null, 1)}\n`,
    );
  else print(exhibits, failed, interrupt.stopped());
  if (failed > 0) return 1;
  return interrupt.stopped() ? EXIT_INTERRUPTED : 0;
}

function complaints({ runs }: Exhibit): string[] {
  return [...new Set(runs.flatMap((run) => run.complaints))];
}

function print(all: readonly Exhibit[], failed: number, interrupted: boolean): void {
  // What an interrupt left out is neither found nor silent.
  const exhibits = all.filter(({ runs }) => runs.length > 0);
  const rows = exhibits.map((exhibit) => {
    const { id, kind, expected, runs } = exhibit;
    const good = runs.filter((run) => run.complaints.length === 0).length;
    const verdict = kind === 'broken' ? `found ${good}/${runs.length}` : good === runs.length ? 'silent' : 'NOT SILENT';
    const paint = good === runs.length ? pc.green : pc.red;
    const latest =
      kind === 'broken' ? `case ${Math.max(...runs.map((run) => run.foundAfter))}` : `${runs[0]?.cases ?? 0} cases`;
    const most = Math.max(...runs.map((run) => run.values));
    const values = kind === 'broken' ? `${most} value${most === 1 ? '' : 's'}` : '';
    return [id, paint(verdict), latest, values, expected];
  });
  process.stdout.write(
    `${plainTable([['twin', 'verdict', 'at the latest', 'shrunk to', 'expected'].map((text) => pc.dim(text)), ...rows])}\n`,
  );
  for (const exhibit of exhibits) {
    for (const complaint of complaints(exhibit)) process.stdout.write(`  ${pc.red(exhibit.id)}: ${complaint}\n`);
  }
  const count = (of: Exhibit['kind']): number => exhibits.filter(({ kind }) => kind === of).length;
  const cases = exhibits.flatMap(({ runs }) => runs).reduce((sum, run) => sum + run.cases, 0);
  process.stdout.write(
    `${count('broken')} broken and ${count('fixed')} fixed twins, ${count('variant')} variants, ${cases.toLocaleString('en-US')} cases: ` +
      `${verdict(failed, interrupted)}\n`,
  );
}

function verdict(failed: number, interrupted: boolean): string {
  if (failed > 0) return pc.red(`${interrupted ? 'interrupted, ' : ''}${failed} not as they must be`);
  return interrupted ? pc.yellow('interrupted, no verdict on the rest') : pc.green('all as they must be');
}

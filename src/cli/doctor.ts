import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { colours as pc } from '../text/colours.js';
import { VectorFileError, readVectorFile } from '../../models/vectors/vector-file.js';
import { checkVectors } from '../../models/module/vectors.js';
import { checkSeamVectors } from '../../models/seam/vectors.js';
import { kindOfVectors } from '../../models/vectors/vector-kind.js';
import type { VectorReport } from '../../models/vectors/vector-report.js';
import { builtInStubs } from '../campaign/targets/built-in-targets.js';
import { type EngineCheck, enginesAgree } from '../campaign/blocks/engines-agree.js';
import { UsageError } from '../errors.js';
import { shorten } from '../text/escape.js';
import { shownPath } from '../text/path-in-folder.js';
import { packageRoot, toolVersion } from '../package-info.js';
import { sorted } from '../report/json.js';
import { fittedTable } from '../report/fitted-table.js';
import { checkObjects, type ObjectCheck } from '../targets/check.js';
import { findToolchain } from '../targets/toolchain.js';

/** The vectors that the package carries. */
const OWN_VECTORS = ['vmcall', 'tdcall', 'seamcall', 'async'].map((kind) => `module-1.5.01-${kind}.jsonl.gz`);

/** Cases per built-in target that both engines run. */
const ENGINE_CASES = 500;

interface DoctorFlags {
  rules: boolean;
  vectors?: string[];
  format: 'table' | 'json';
}

interface VectorCheck {
  file: string;
  report: VectorReport;
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('what this machine offers, and the self-check: models against vectors, objects against their record')
    .option('--vectors <FILE...>', 'check the models against these files instead')
    .option('--rules', 'how many vectors stand on each rule of the models', false)
    .addOption(new Option('--format <F>', 'how to print').choices(['table', 'json']).default('table'))
    .action(async (flags: DoctorFlags) => {
      process.exitCode = await doctor(flags);
    });
}

async function doctor({ vectors, format, rules }: DoctorFlags): Promise<number> {
  const files = vectors ?? OWN_VECTORS.map((name) => join(packageRoot(), 'corpus/vectors', name));
  const checks = files.map(checkFile);
  const objects = vectors === undefined ? await checkObjects(packageRoot()) : [];
  const engines = vectors === undefined ? enginesAgree(builtInStubs(), ENGINE_CASES) : [];
  if (format === 'json') {
    const machine = vectors === undefined ? { machine: Object.fromEntries(machineRows()) } : {};
    process.stdout.write(
      `${JSON.stringify(sorted({ schema: 'tdxfuzz/doctor/1', ...machine, objects, engines, vectors: checks }), null, 2)}\n`,
    );
  } else {
    print(checks, objects, engines, { whole: vectors === undefined, rules });
  }
  const wrong =
    checks.some(({ report }) => report.mismatches.length > 0) ||
    objects.some(({ error }) => error) ||
    engines.some(({ agree }) => !agree);
  return wrong ? 1 : 0;
}

/** @throws UsageError for a file that cannot be read, or that holds no vectors of a known kind */
function checkFile(path: string): VectorCheck {
  try {
    const records = readVectorFile(path);
    const kind = kindOfVectors(records, path);
    const ofModule = kind === 'vmcall' || kind === 'tdcall';
    return { file: path, report: ofModule ? checkVectors(kind, records, path) : checkSeamVectors(kind, records, path) };
  } catch (error) {
    if (error instanceof VectorFileError) throw new UsageError(error.message);
    throw error;
  }
}

function print(
  checks: readonly VectorCheck[],
  objects: readonly ObjectCheck[],
  engines: readonly EngineCheck[],
  { whole, rules }: { whole: boolean; rules: boolean },
): void {
  const out: string[] = [];
  if (whole)
    out.push(
      pc.bold('machine'),
      fittedTable(machineRows()),
      '',
      pc.bold('objects'),
      fittedTable(objects.map(objectRow)),
      '',
    );
  if (whole) out.push(pc.bold('engines'), engineLine(engines), '');
  out.push(pc.bold('vectors'));
  for (const { file, report } of checks) {
    const { kind, matched, total, fieldsCompared, fieldsTakenAsInput } = report;
    const paint = matched === total ? pc.green : pc.red;
    out.push(
      `  ${kind}: ${paint(`matched ${matched}/${total} vectors`)}, ${fieldsCompared} fields compared, ${fieldsTakenAsInput} taken as input`,
      pc.dim(`    ${shorten(shownPath(file))}`),
    );
    out.push(...ruleLines(report, rules));
    for (const { count, reason } of report.exceptions) out.push(`    ${count} not judged: ${reason}`);
    const [first] = report.mismatches;
    if (first !== undefined) {
      out.push(
        pc.red(
          `    first mismatch: line ${first.line}, ${first.field}: expected ${first.expected}, the model says ${first.actual}`,
        ),
      );
      out.push(`    ${report.mismatches.length} mismatched fields in all`);
    }
  }
  process.stdout.write(`${out.join('\n')}\n`);
}

/** A rule that fewer than two vectors support is a guess. */
const SUPPORTED = 2;

function ruleLines({ rules }: VectorReport, all: boolean): string[] {
  const counted = Object.entries(rules);
  const guesses = counted.filter(([, vectors]) => vectors < SUPPORTED);
  const unseen = guesses.filter(([, vectors]) => vectors === 0).length;
  const summary = `    ${counted.length} rules: ${counted.length - guesses.length} on two vectors and more, ${guesses.length - unseen} on one and ${unseen} on none, which are guesses`;
  if (!all) return [summary];
  const rows = counted.map(([rule, vectors]) => [rule, String(vectors), vectors < SUPPORTED ? 'guess' : '']);
  return [summary, fittedTable([['rule', 'vectors', ''].map((text) => pc.dim(text)), ...rows])];
}

function engineLine(engines: readonly EngineCheck[]): string {
  const different = engines.filter(({ agree }) => !agree).map(({ target }) => target);
  const executions = engines.reduce((sum, check) => sum + check.executions, 0);
  if (different.length > 0)
    return `  ${pc.red('interpreter, WebAssembly and bulk runs differ')} on ${different.join(', ')}`;
  return `  ${pc.green('interpreter, WebAssembly and bulk runs agree')} to the bit in ${executions} executions of ${engines.length} targets`;
}

function objectRow({ object, state, error, detail }: ObjectCheck): string[] {
  return [object, error ? pc.red(state) : pc.green(state), detail];
}

function machineRows(): [string, string][] {
  const toolchain = findToolchain();
  return [
    ['tdxfuzz', toolVersion()],
    ['node', process.version],
    ['cpu', `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} threads`],
    ['memory', `${Math.round(totalmem() / 2 ** 30)} GiB`],
    ['compiler', toolchain === undefined ? 'none: objects are not rebuilt' : toolchain.compiler],
  ];
}

/** What a person waits for: from the start of the process to its verdict, and its peak memory. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface CommandRow {
  /** The command, as a person would type it. */
  command: string;
  milliseconds: number;
  /** Peak resident set, MiB, workers included. */
  peakMebibytes: number;
}

/** A command, and the exit status with which it must end. */
export interface MeasuredCommand {
  args: readonly string[];
  status: 0 | 1;
}

/** A long run of sound code: nothing is found. */
export function fuzzCommand(image: string, runs: number): MeasuredCommand {
  return { args: ['fuzz', image, '--runs', String(runs), '--seed', 'bench'], status: 0 };
}

/** What a pull request waits for: broken code, and all the sound code that there is. */
export const GATES: readonly MeasuredCommand[] = [
  {
    args: [
      'gate',
      'corpus/bugs/guest-6.4.o',
      '--target',
      'missing_scrub_rsi=linux-6.4/__tdx_hypercall_ret',
      '--no-config',
    ],
    status: 1,
  },
  { args: ['gate', '--no-config'], status: 0 },
];

/** Runs the built command line once. @throws Error if it ends otherwise than it must */
export async function measureCommand(root: string, { args, status }: MeasuredCommand): Promise<CommandRow> {
  const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-bench-'));
  try {
    const peak = join(folder, 'peak');
    const report = pathToFileURL(join(root, 'dist/src/bench/report-peak.js')).href;
    const out = ['--out', join(folder, 'out'), '--quiet'];
    const start = process.hrtime.bigint();
    const ended = await finished(['--import', report, join(root, 'dist/src/start/main.cjs'), ...args, ...out], root, {
      ...process.env,
      TDXFUZZ_BENCH_PEAK: peak,
    });
    const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
    if (ended !== status) throw new Error(`bench: tdxfuzz ${args.join(' ')} ended with status ${ended}`);
    const peakMebibytes = Number(readFileSync(peak, 'utf8')) / 1024;
    return { command: `tdxfuzz ${args.join(' ')}`, milliseconds, peakMebibytes };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function finished(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, env, stdio: 'ignore' });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code));
  });
}

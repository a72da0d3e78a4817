/** What a person waits for: `tdxfuzz fuzz ONE.o`, from the start of the process to its verdict, and its peak memory. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface CommandRow {
  /** The command, as a person would type it. */
  command: string;
  /** Cases per target. */
  runs: number;
  milliseconds: number;
  /** Peak resident set, MiB, workers included. */
  peakMebibytes: number;
}

/** Runs the built command line once. @throws Error if its verdict is not "nothing found" */
export async function measureCommand(root: string, image: string, runs: number): Promise<CommandRow> {
  const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-bench-'));
  try {
    const peak = join(folder, 'peak');
    const report = pathToFileURL(join(root, 'dist/src/bench/report-peak.js')).href;
    const args = ['fuzz', image, '--runs', String(runs)];
    const out = ['--out', join(folder, 'out'), '--seed', 'bench', '--quiet'];
    const start = process.hrtime.bigint();
    const status = await finished(['--import', report, join(root, 'dist/src/cli/main.js'), ...args, ...out], root, {
      ...process.env,
      TDXFUZZ_BENCH_PEAK: peak,
    });
    const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
    if (status !== 0) throw new Error(`bench: tdxfuzz ${args.join(' ')} ended with status ${status}`);
    const peakMebibytes = Number(readFileSync(peak, 'utf8')) / 1024;
    return { command: `tdxfuzz ${args.join(' ')}`, runs, milliseconds, peakMebibytes };
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

/** Runs the built command line in a process of its own, from the outside, and makes small objects to give it. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CODE, type WrittenFile, writeElf } from '../image/elf-writer.test.helper.js';
import { packageRoot } from '../package-info.js';

export interface Outcome {
  /** Exit status, null when a signal ended the process. */
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Send this signal after so many milliseconds. */
  interruptAfter?: number;
  /** Milliseconds after which the process is ended. */
  limit?: number;
}

const MAIN = join(packageRoot(), 'dist/src/start/main.cjs');
/** No command of these tests may take longer: a hang is a failure, not a wait. */
const LIMIT = 110_000;

/** `tdxfuzz ARGS`, with colour off unless `env` says otherwise. */
export function tdxfuzz(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return run(process.execPath, [MAIN, ...args], options);
}

/** Any program. @returns its exit status and what it wrote */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { cwd = packageRoot(), env = { NO_COLOR: '1' }, interruptAfter, limit = LIMIT } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...plainEnvironment(), ...env },
      timeout: limit,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    if (interruptAfter !== undefined) setTimeout(() => child.kill('SIGINT'), interruptAfter);
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}

/** The environment without what the test runner adds about colour. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _force, NO_COLOR: _no, ...rest } = process.env;
  return rest;
}

/**
 * Sends SIGINT to the tool at work. A signal that comes before the tool listens ends it as any program: then it is given more
 * time.
 */
export async function tdxfuzzInterrupted(args: readonly string[]): Promise<Outcome> {
  for (const interruptAfter of [2500, 8000]) {
    const outcome = await tdxfuzz(args, { interruptAfter });
    if (outcome.status !== null) return outcome;
  }
  return tdxfuzz(args, { interruptAfter: 20_000 });
}

/** A new empty folder. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'tdxfuzz-cli-'));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** rax = fn; rcx, rdx, r8-r11 from the block at rsi; tdcall; ret (docs/abi/linux-stubs.md#register-flow-of-v67, `__tdcall` of v6.7). */
export const SOUND_TDCALL = [
  [0x48, 0x89, 0xf8],
  [0x48, 0x8b, 0x0e],
  [0x48, 0x8b, 0x56, 0x08],
  [0x4c, 0x8b, 0x46, 0x10],
  [0x4c, 0x8b, 0x4e, 0x18],
  [0x4c, 0x8b, 0x56, 0x20],
  [0x4c, 0x8b, 0x5e, 0x28],
  [0x66, 0x0f, 0x01, 0xcc],
  [0xc3],
].flat();

/** The same, but R9 is loaded from the field of R8. */
export const BROKEN_TDCALL = SOUND_TDCALL.map((byte, index) => (index === 17 ? 0x10 : byte));

/** Offset of the wrong load in {@link BROKEN_TDCALL}. */
export const BROKEN_AT = 14;

/** An object with one function. */
export function objectWith(name: string, code: readonly number[], change: Partial<WrittenFile> = {}): Uint8Array {
  return writeElf({
    sections: [{ name: '.text', flags: CODE, align: 16, data: Uint8Array.from(code) }],
    symbols: [{ name, section: '.text', type: 2, size: BigInt(code.length) }],
    ...change,
  });
}

/** Writes a file into a folder. @returns its path */
export function put(folder: string, name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Addresses that the native program uses (native/run-instructions.c). */
export const NATIVE = {
  code: 0x10000000,
  taken: 0x10000040,
  data: 0x20000000,
  window: 0x20000f80,
  windowSize: 256,
  noTrap: 0xffffffff,
} as const;

/** Byte offsets within a case and within a result of the native program. */
export const CASE = { code: 0, codeLength: 16, gpr: 24, rflags: 152, xmm: 160, memory: 416, size: 672 } as const;
export const RESULT = {
  trap: 0,
  errorCode: 4,
  rip: 8,
  gpr: 16,
  rflags: 144,
  xmm: 152,
  memory: 408,
  size: 664,
} as const;

/** Runs cases on this machine's CPU; undefined where there is no gcc or the CPU is no x86-64 one, with the reason. */
export class NativeOracle {
  private readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Compiles the native program. @returns the oracle, or why there is none */
  static build(): NativeOracle | string {
    if (process.arch !== 'x64' || process.platform !== 'linux') return 'this is no x86-64 Linux machine';
    if (spawnSync('gcc', ['--version']).status !== 0) return 'there is no gcc';
    const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-native-'));
    const source = fileURLToPath(new URL('../native/run-instructions.c', import.meta.url));
    const compiled = spawnSync('gcc', ['-O1', '-o', join(folder, 'run'), source], { encoding: 'utf8' });
    if (compiled.status !== 0) return `gcc failed: ${compiled.stderr.split('\n')[0]}`;
    return new NativeOracle(folder);
  }

  /** @param cases - records of CASE.size bytes; @returns as many records of RESULT.size bytes */
  run(cases: Uint8Array): Uint8Array {
    const input = join(this.folder, 'cases');
    const output = join(this.folder, 'results');
    writeFileSync(input, cases);
    const done = spawnSync(join(this.folder, 'run'), [input, output], { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`run-instructions failed: ${done.signal ?? done.status} ${done.stderr}`);
    const results = readFileSync(output);
    if (results.length / RESULT.size !== cases.length / CASE.size) throw new Error('run-instructions lost cases');
    return results;
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryPath } from './repository.js';

/** Addresses that the native program uses (native/run-instructions.c). */
export const NATIVE = {
  code: 0x10000000,
  taken: 0x10000040,
  data: 0x20000000,
  dataSize: 0x2000,
  /** A page of zeros that can only be read. */
  readOnly: 0x21000000,
  /** Nothing is mapped here. */
  unmapped: 0x40000000,
  /** The observed memory within the data: around the page boundary, and `endSize` bytes at both ends. */
  window: 0x20000f80,
  windowSize: 256,
  endSize: 32,
  noTrap: 0xffffffff,
} as const;

/** Positions within the state that a case and a result hold, in 32-bit words: 64-bit values have their low half first. */
export const STATE_WORD = {
  gpr: 0,
  rflags: 32,
  fsBase: 34,
  gsBase: 36,
  mxcsr: 38,
  x87Cw: 39,
  xmm: 40,
  /** 64 words around the page boundary. */
  window: 104,
  /** 8 words at the data's beginning. */
  head: 168,
  /** 8 words at the data's end. */
  tail: 176,
  size: 184,
} as const;

/** Positions within a case, in 32-bit words: up to 15 bytes of code, their number, the state before. */
export const CASE = { code: 0, codeLength: 4, state: 6, size: 190 } as const;

/** Positions within a result, in 32-bit words. `stray` is 1 if memory that is not observed was written. */
export const RESULT = { trap: 0, errorCode: 1, rip: 2, address: 4, stray: 6, state: 8, size: 192 } as const;

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
    const source = repositoryPath('src/x86/native/run-instructions.c');
    // The thread's data, where the canary of a stack protector lies, is out of reach while FS has another base.
    const options = ['-O2', '-fno-stack-protector', '-o', join(folder, 'run'), source];
    const compiled = spawnSync('gcc', options, { encoding: 'utf8' });
    if (compiled.status !== 0) {
      rmSync(folder, { recursive: true, force: true });
      return `gcc failed: ${compiled.stderr.split('\n')[0]}`;
    }
    return new NativeOracle(folder);
  }

  /** @param cases - records of CASE.size words; @returns as many records of RESULT.size words */
  run(cases: Int32Array): Int32Array {
    const input = join(this.folder, 'cases');
    const output = join(this.folder, 'results');
    writeFileSync(input, new Uint8Array(cases.buffer, cases.byteOffset, cases.byteLength));
    const done = spawnSync(join(this.folder, 'run'), [input, output], { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`run-instructions failed: ${done.signal ?? done.status} ${done.stderr}`);
    const results = readFileSync(output);
    if (results.length / (4 * RESULT.size) !== cases.length / CASE.size) throw new Error('run-instructions lost cases');
    // A large Buffer begins at offset 0 of its own memory, a small one somewhere in a pool.
    if (results.byteOffset % 4 === 0) return new Int32Array(results.buffer, results.byteOffset, results.length / 4);
    return new Int32Array(Uint8Array.from(results).buffer);
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

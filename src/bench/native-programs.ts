/** Compiles and runs the C programs under native/: other ways to execute the same workloads, where this machine has what they need. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseImage } from '../image/load.js';
import type { Image } from '../image/image.js';
import type { Contender, Slice } from './contender.js';
import { COMPILED_FLAGS, nativeFolder, type Workload } from './workloads.js';

/** A compiled program with its inputs. */
export class NativeProgram {
  constructor(
    readonly name: string,
    private readonly executable: string,
    private readonly code: string,
    private readonly records: string,
  ) {}

  /** Runs every record once. @returns the results, RESULT_WORDS each */
  results(): Int32Array {
    const path = `${this.executable}.results`;
    this.start('check', path);
    const bytes = readFileSync(path);
    return new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  }

  contender(): Contender {
    return { name: this.name, measure: (milliseconds) => this.time(milliseconds) };
  }

  /** Runs the records in turn for so long. */
  time(milliseconds: number): Slice {
    const [count, nanoseconds] = this.start('time', String(Math.ceil(milliseconds)))
      .split(' ')
      .map(Number);
    return { count, nanoseconds };
  }

  private start(mode: string, last: string): string {
    const done = spawnSync(this.executable, [mode, this.code, this.records, last], { encoding: 'utf8' });
    if (done.status !== 0)
      throw new Error(
        `bench: ${this.name} failed: ${done.signal ?? done.status} ${(done.stderr ?? '').split('\n', 1)[0]}`,
      );
    return done.stdout;
  }
}

/** How to get past TDCALL in Unicorn: BENCH_TDCALL of native/unicorn.c. */
export const UNICORN_WAYS = ['invalid instruction', 'hook on its address', 'stop at its address'] as const;

export class NativePrograms {
  /** First line of `gcc --version`. */
  readonly compiler: string;
  private made = 0;
  /** Why there is no Unicorn, or undefined. */
  readonly noUnicorn: string | undefined;

  private constructor(
    private readonly folder: string,
    private readonly sources: string,
    private readonly root: string,
    compiler: string,
  ) {
    this.compiler = compiler;
    const probe = join(folder, 'probe.c');
    writeFileSync(probe, '#include <unicorn/unicorn.h>\nint main(void) { return uc_version(0, 0) == 0; }\n');
    this.noUnicorn = gcc(['-o', join(folder, 'probe'), probe, '-lunicorn']) === '' ? undefined : 'no libunicorn-dev';
  }

  /** @returns the programs, or why there are none */
  static find(root: string): NativePrograms | string {
    if (process.arch !== 'x64' || process.platform !== 'linux') return 'no x86-64 Linux machine';
    const version = spawnSync('gcc', ['--version'], { encoding: 'utf8' });
    if (version.status !== 0) return 'no gcc';
    if (!existsSync(nativeFolder(root))) return 'no C sources: run the bench in a checkout';
    const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-bench-'));
    return new NativePrograms(folder, nativeFolder(root), root, version.stdout.split('\n', 1)[0]);
  }

  /** Version of libunicorn, as its headers tell; undefined without it. */
  unicornVersion(): string | undefined {
    if (this.noUnicorn !== undefined) return undefined;
    const source = join(this.folder, 'version.c');
    const program = join(this.folder, 'version');
    const print = 'printf("%d.%d.%d\\n", UC_API_MAJOR, UC_API_MINOR, UC_API_PATCH)';
    writeFileSync(
      source,
      `#include <stdio.h>\n#include <unicorn/unicorn.h>\nint main(void) { return ${print} < 0; }\n`,
    );
    if (gcc(['-o', program, source, '-lunicorn']) !== '') return undefined;
    return spawnSync(program, { encoding: 'utf8' }).stdout.trim();
  }

  /** The object of native/compiled.c. @throws Error with gcc's first line */
  compiledImage(): Image {
    const object = join(this.folder, 'compiled.o');
    this.compile([...COMPILED_FLAGS, '-o', object, join(this.sources, 'compiled.c')]);
    return parseImage(readFileSync(object), 'compiled.o');
  }

  /** The code's own bytes on this CPU, with a signal handler for TDCALL. */
  native(workload: Workload, name: string): NativeProgram {
    return this.program(workload, name, ['native-sigill.c'], []);
  }

  /** The stub with TDCALL assembled as a call. */
  withCall(workload: Workload, name: string): NativeProgram {
    const { stub } = workload;
    if (stub === undefined) throw new Error(`${workload.name} is no stub`);
    const targets = join(this.root, 'corpus/targets');
    const defines = [`-DBENCH_SYMBOL=${stub.symbol}`, `-DBENCH_SOURCE="${stub.source}"`];
    return this.program(workload, name, ['native-call.c', 'native-call-stub.S'], ['-I', targets, ...defines]);
  }

  /** @param way index of UNICORN_WAYS */
  unicorn(workload: Workload, name: string, way: number): NativeProgram {
    return this.program(workload, name, ['unicorn.c'], [`-DBENCH_TDCALL=${way}`, '-lunicorn']);
  }

  private program(
    workload: Workload,
    name: string,
    sources: readonly string[],
    flags: readonly string[],
  ): NativeProgram {
    // A number keeps programs apart that differ in their flags alone.
    const base = join(this.folder, `program-${this.made++}`);
    this.compile(['-O2', '-o', base, ...sources.map((source) => join(this.sources, source)), ...flags]);
    writeFileSync(`${base}.code`, workload.code);
    const { buffer, byteOffset, byteLength } = workload.records;
    writeFileSync(`${base}.records`, new Uint8Array(buffer, byteOffset, byteLength));
    return new NativeProgram(name, base, `${base}.code`, `${base}.records`);
  }

  private compile(args: readonly string[]): void {
    const error = gcc(args);
    if (error !== '') throw new Error(`bench: gcc failed: ${error}`);
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** @returns the first line that gcc complained of, or an empty text */
function gcc(args: readonly string[]): string {
  const done = spawnSync('gcc', args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  if (done.status === 0) return '';
  const lines = (done.stderr ?? '').split('\n');
  return lines.find((line) => /error|undefined reference/.test(line)) ?? `status ${done.status}`;
}

/** The compiler and the linker that turn the corpus's sources into objects. */
import { execFile, spawnSync } from 'node:child_process';
import { UsageError } from '../errors.js';
import type { BuildFlags } from './record.js';

export interface Toolchain {
  /** First line of `gcc --version`. */
  compiler: string;
  /** First line of the version of the assembler that it runs. */
  assembler: string;
  /** First line of the version of the linker that it runs. */
  linker: string;
}

/**
 * No debug information and no path of the machine that builds. The note about used instruction sets is a default of
 * some distributions only, so it is switched off for all.
 */
const COMMON = ['-c', '-ffile-prefix-map=ROOT=.', '-Wa,-mx86-used-note=no'];

export const FLAGS: BuildFlags = {
  assembly: COMMON,
  c: [
    ...COMMON,
    '-std=gnu17',
    '-O2',
    // As a kernel is compiled: no library, no vector registers, no red zone, addresses in the top 2 GiB.
    '-ffreestanding',
    '-fno-stack-protector',
    '-mno-red-zone',
    '-mgeneral-regs-only',
    '-mcmodel=kernel',
    '-fno-pic',
    '-fcf-protection=none',
    '-fno-asynchronous-unwind-tables',
    '-fno-strict-aliasing',
    '-fno-ident',
    '-Wall',
    '-Wextra',
    '-Werror',
  ],
  link: ['-r', '-nostdlib'],
};

const COMPILER = 'gcc';

/** One language for messages and version lines, and no variable that adds include paths or dates. */
function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TMPDIR: process.env['TMPDIR'] ?? '/tmp' };
}

/** What a command prints, or undefined if it fails. */
function ask(command: string, ...args: string[]): string | undefined {
  const result = spawnSync(command, args, { encoding: 'utf8', env: environment() });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/** First line of a version, or undefined if the program cannot be run. */
function version(command: string | undefined): string | undefined {
  return command === undefined ? undefined : ask(command, '--version')?.split('\n', 1)[0].trim();
}

/** The toolchain of this machine, or undefined where there is no gcc for x86-64, no assembler or no linker. */
export function findToolchain(): Toolchain | undefined {
  if (ask(COMPILER, '-dumpmachine')?.startsWith('x86_64') !== true) return undefined;
  const compiler = version(COMPILER);
  const assembler = version(ask(COMPILER, '-print-prog-name=as'));
  const linker = version(ask(COMPILER, '-print-prog-name=ld'));
  if (compiler === undefined || assembler === undefined || linker === undefined) return undefined;
  return { compiler, assembler, linker };
}

/** Whether two toolchains must make the same bytes. */
export function sameToolchain(one: Toolchain, other: Toolchain): boolean {
  return one.compiler === other.compiler && one.assembler === other.assembler && one.linker === other.linker;
}

/** First line of nasm's version, or undefined where there is none. */
export function findNasm(): string | undefined {
  return ask('nasm', '-v')?.split('\n', 1)[0].trim();
}

/** @throws UsageError that begins with `what`, and has the first error of gcc, or of another command */
function run(args: readonly string[], folder: string, what: string, command = COMPILER): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { encoding: 'utf8', env: environment(), cwd: folder }, (failure, _, error) => {
      if (failure === null) return resolve();
      const lines = error.split('\n').filter((line) => line.trim() !== '');
      const message = lines.find((line) => /error/i.test(line)) ?? lines[0] ?? `${command} could not be run`;
      reject(new UsageError(`${what}: ${message.trim()}`));
    });
  });
}

/**
 * Compiles or assembles one source.
 * @param folder in which the compiler runs, and to which paths in the object are relative
 * @param source relative to `folder`, ending in `.c` or `.S`, or in `.nasm`
 * @param object absolute
 * @param name of what is made, for messages
 * @throws UsageError with the compiler's first error
 */
export function compile(
  folder: string,
  source: string,
  object: string,
  flags: BuildFlags,
  name: string,
): Promise<void> {
  if (source.endsWith('.nasm'))
    return run(['-f', 'elf64', '-o', object, source], folder, `${name}: cannot be assembled`, 'nasm');
  const options = (source.endsWith('.c') ? flags.c : flags.assembly).map((flag) => flag.replace('ROOT', folder));
  return run([...options, '-o', object, source], folder, `${name}: cannot be compiled`);
}

/**
 * Links objects into one that can be relocated.
 * @param folder of the objects
 * @param name of what is made, for messages
 * @throws UsageError with the linker's first error
 */
export function link(
  folder: string,
  objects: readonly string[],
  object: string,
  flags: BuildFlags,
  name: string,
): Promise<void> {
  return run([...flags.link, '-o', object, ...objects], folder, `${name}: cannot be linked`);
}

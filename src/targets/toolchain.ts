/** The compiler that turns the corpus's assembly into objects. */
import { spawnSync } from 'node:child_process';
import { UsageError } from '../errors.js';

export interface Toolchain {
  /** First line of `gcc --version`. */
  compiler: string;
  /** First line of the version of the assembler that it runs. */
  assembler: string;
}

/**
 * No debug information and no path of the machine that builds. The note about used instruction sets is a default of
 * some distributions only, so it is switched off for all.
 */
export const FLAGS: readonly string[] = ['-c', '-ffile-prefix-map=ROOT=.', '-Wa,-mx86-used-note=no'];

const COMPILER = 'gcc';

function run(command: string, args: readonly string[], cwd?: string): { ok: boolean; out: string; error: string } {
  // One language for messages and version lines, and no variable that adds include paths or dates.
  const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TMPDIR: process.env['TMPDIR'] ?? '/tmp' };
  const result = spawnSync(command, args, { encoding: 'utf8', env, ...(cwd === undefined ? {} : { cwd }) });
  return { ok: result.status === 0, out: result.stdout ?? '', error: result.stderr ?? '' };
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0].trim();
}

/** The toolchain of this machine, or undefined where there is no gcc for x86-64 or no assembler. */
export function findToolchain(): Toolchain | undefined {
  const machine = run(COMPILER, ['-dumpmachine']);
  if (!machine.ok || !machine.out.startsWith('x86_64')) return undefined;
  const version = run(COMPILER, ['--version']);
  const assembler = run(COMPILER, ['-print-prog-name=as']);
  if (!version.ok || !assembler.ok) return undefined;
  const assemblerVersion = run(assembler.out.trim(), ['--version']);
  if (!assemblerVersion.ok) return undefined;
  return { compiler: firstLine(version.out), assembler: firstLine(assemblerVersion.out) };
}

/** Whether two toolchains must make the same bytes. */
export function sameToolchain(one: Toolchain, other: Toolchain): boolean {
  return one.compiler === other.compiler && one.assembler === other.assembler;
}

/**
 * Assembles one source.
 * @param root the package's root, in which the compiler runs
 * @param source relative to `root`
 * @param object absolute, or relative to `root`
 * @throws UsageError with the assembler's first error
 */
export function assemble(root: string, source: string, object: string, flags: readonly string[] = FLAGS): void {
  const options = flags.map((flag) => flag.replace('ROOT', root));
  const result = run(COMPILER, [...options, '-o', object, source], root);
  if (result.ok) return;
  const lines = result.error.split('\n').filter((line) => line.trim() !== '');
  const message = lines.find((line) => /error/i.test(line)) ?? lines[0] ?? 'gcc could not be run';
  throw new UsageError(`${source}: cannot be assembled: ${message.trim()}`);
}

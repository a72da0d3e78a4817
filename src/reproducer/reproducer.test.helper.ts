/** Compiles and runs reproducers. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findToolchain } from '../targets/toolchain.js';
import { fixedCase, type MadeFinding, twinFinding } from '../report/made-finding.test.helper.js';
import { type Reproducer, reproducer } from './reproducer.js';

/** What this machine can compile with, for x86-64 Linux. */
export const COMPILERS =
  findToolchain() === undefined || process.platform !== 'linux'
    ? []
    : ['gcc', 'clang'].filter((compiler) => spawnSync(compiler, ['--version']).status === 0);
export const [COMPILER] = COMPILERS;

export const made = ({ runner, account, finding }: MadeFinding): Reproducer =>
  reproducer(runner, account, finding.case);

export function sourceOf(finding: MadeFinding): string {
  const program = made(finding);
  if (!('source' in program)) throw new Error(`no reproducer: ${program.reason}`);
  return program.source;
}

/** Compiles, with every warning an error, and runs. */
export function run(
  name: string,
  source: string,
  compiler = COMPILER,
): { status: number | null; verdict: string; all: string } {
  const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-reproducer-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [file, program] = [join(folder, `${name}.c`), join(folder, `${name}.${compiler}`)];
  writeFileSync(file, source);
  const compiled = spawnSync(compiler, ['-Wall', '-Wextra', '-Werror', '-O1', '-o', program, file], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
  });
  expect(compiled.stderr).toBe('');
  expect(compiled.status).toBe(0);
  const { status, stdout, stderr } = spawnSync(program, { encoding: 'utf8' });
  expect(stderr).toBe('');
  return { status, verdict: stdout.trimEnd().split('\n').at(-1) ?? '', all: stdout };
}

/** Makes a test of each twin, with the verdict of its reproducer. */
export function twinsReproduced(twins: readonly [id: string, verdict: RegExp][]): void {
  describe.skipIf(COMPILER === undefined)('the reproducer (needs gcc for x86-64 Linux)', () => {
    it.each(twins)('of %s shows the violation, and none in the fixed twin', (id, verdict) => {
      const broken = twinFinding(id);
      const shown = run(id, sourceOf(broken));
      expect(shown.verdict).toMatch(verdict);
      expect(shown.status).toBe(1);
      // The output names the register that the finding names.
      expect(shown.verdict).toContain(broken.finding.slot);
      const fixed = run(`${id}-fixed`, sourceOf(fixedCase(id, broken)));
      expect(fixed.verdict).toMatch(/^holds: /);
      expect(fixed.status).toBe(0);
    });
  });
}

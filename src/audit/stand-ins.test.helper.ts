/** Functions for the tests of the audit's rules: one that breaks each rule, and some that keep it in different ways. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Image } from '../image/image.js';
import { parseImage } from '../image/load.js';

/** Whether there is a compiler to assemble with. */
export const hasAssembler = ((): boolean => {
  try {
    execFileSync('gcc', ['--version'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
})();

/** An image of functions, by name: each an AT&T text of its own, `;` between instructions. */
export function assemble(functions: Readonly<Record<string, string>>, more = '', start = '.text\n'): Image {
  const text = Object.entries(functions).map(
    ([name, body]) => `.globl ${name}\n.type ${name},@function\n${name}:\n${body}\n.size ${name},.-${name}\n`,
  );
  return compile('s', `${start || '.text\n'}${text.join('')}${more}`);
}

/** An image of a source in assembler (`s`) or C (`c`). */
export function compile(kind: 's' | 'c', source: string, flags: readonly string[] = []): Image {
  const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-audit-'));
  try {
    writeFileSync(join(folder, `made.${kind}`), source);
    execFileSync('gcc', ['-c', ...flags, `made.${kind}`, '-o', 'made.o'], { cwd: folder, stdio: 'pipe' });
    return parseImage(readFileSync(join(folder, 'made.o')), 'made.o');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

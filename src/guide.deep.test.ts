/**
 * The guide "Fuzz your own stub" as it is printed: its files are written, its commands run, and what it shows of their
 * output is compared. Blocks marked `file=NAME` are files, `sh run` commands (with `status=N` where that is not 0).
 */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { removeFolder, run, temporaryFolder } from './cli/run-cli.test.helper.js';
import { packageRoot } from './package-info.js';
import { findToolchain } from './targets/toolchain.js';

const GUIDE = join(packageRoot(), 'docs/your-own-stub.md');

interface Block {
  language: string;
  marks: string[];
  text: string;
}

/** Fenced blocks, in their order. */
function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w*)((?: \S+)*)\n([\s\S]*?)^```$/gm)].map(([, language, marks, text]) => ({
    language,
    marks: marks.split(' ').filter((mark) => mark !== ''),
    text,
  }));
}

/** The first shown line that the output lacks behind those before it; `...` on its own, or at an end, stands for anything. */
function missingLine(shown: string, output: string): string | undefined {
  const lines = output.split('\n').map((line) => line.trimEnd());
  let from = 0;
  for (const line of shown.split('\n').filter((text) => text.trim() !== '' && text.trim() !== '...')) {
    const isLike = (other: string): boolean =>
      line.endsWith('...') ? other.startsWith(line.slice(0, -'...'.length)) : other === line;
    const at = lines.findIndex((other, index) => index >= from && isLike(other));
    if (at < 0) return line;
    from = at + 1;
  }
  return undefined;
}

describe('what the guide shows', () => {
  it.each([
    ['a\n...\nc\n', 'a\nb\nc\n', undefined],
    ['c\na\n', 'a\nb\nc\n', 'a'],
    ['found 1 ...\n', 'x\nfound 1 of 2\n', undefined],
    ['found 2 ...\n', 'found 1 of 2\n', 'found 2 ...'],
  ])('%j of %j lacks %j', (shown, output, missing) => expect(missingLine(shown, output)).toBe(missing));
});

const toolchain = findToolchain();
if (toolchain === undefined)
  console.warn('guide.test: SKIPPED, the commands of the guide were not run: no gcc and binutils');

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

test.runIf(toolchain !== undefined)('every command of the guide does what is shown', async () => {
  // As npm install leaves it.
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  symlinkSync(packageRoot(), join(folder, 'node_modules/tdxfuzz'));
  const main = join(packageRoot(), 'dist/src/start/main.cjs');
  writeFileSync(join(folder, 'node_modules/.bin/tdxfuzz'), `#!/bin/sh\nexec node '${main}' "$@"\n`, { mode: 0o755 });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const blocks = blocksOf(readFileSync(GUIDE, 'utf8'));
  const commands = blocks.filter(({ marks }) => marks.includes('run'));
  expect(commands.length).toBeGreaterThan(4);
  let output = '';
  for (const { language, marks, text } of blocks) {
    const file = marks.find((mark) => mark.startsWith('file='));
    if (file !== undefined) writeFileSync(join(folder, file.slice('file='.length)), text);
    else if (marks.includes('run')) {
      const wanted = Number(marks.find((mark) => mark.startsWith('status='))?.slice('status='.length) ?? 0);
      const { status, stdout, stderr } = await run('bash', ['-ec', text], { cwd: folder });
      expect(status, `${text}${stdout}${stderr}`).toBe(wanted);
      output = stdout;
    } else if (language === 'text') expect(missingLine(text, output), output).toBeUndefined();
  }
});

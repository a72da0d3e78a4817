/** What a shell completes, and whether every example in the help is a command line that the tool takes. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROPERTY_NAMES } from '../../properties/all.js';
import { packageRoot } from '../package-info.js';
import { MAN_PAGE, manPage } from '../reference/man-page.js';
import { commandsInScript, parseOnly } from './ci-manifests.test.helper.js';
import { completionScript } from './completion-script.js';
import { EXAMPLES } from './examples.js';
import { createProgram } from './program.js';

const program = await createProgram();
const values = { '--property': PROPERTY_NAMES, '--format': ['table', 'json'], NAME: PROPERTY_NAMES };

/** What bash offers behind the words, the last of which is being typed. */
function offered(...words: string[]): string[] {
  const script = `${completionScript(program, 'bash', values)}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tdxfuzz; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout.split('\n').filter((line) => line !== '');
}

describe('completion in bash', () => {
  it.each<[string[], string[]]>([
    [['tdxfuzz', 'ni'], ['nightly']],
    [['tdxfuzz', 'fuzz', '--fail'], ['--fail-fast']],
    [
      ['tdxfuzz', 'fuzz', '--known', ''],
      ['linux', 'none'],
    ],
    [['tdxfuzz', 'list', 'tw'], ['twins']],
    [['tdxfuzz', 'gate', '--property', 'keeps-s'], ['keeps-stack']],
    [['tdxfuzz', 'explain', 'keeps-s'], ['keeps-stack']],
    [['tdxfuzz', 'fuzz', 'package-lock'], ['package-lock.json']],
    [['tdxfuzz', 'gate', '--out', 'package-lock'], ['package-lock.json']],
    [['tdxfuzz', 'fuzz', '--no-such'], []],
  ])('%j offers %j', (words, expected) => expect(offered(...words)).toEqual(expected));

  it('has every command', () => {
    const names = offered('tdxfuzz', '');
    for (const command of program.commands) expect(names).toContain(command.name());
  });
});

describe('for every shell', () => {
  it.each(['bash', 'zsh', 'fish'] as const)('the script for %s names every option of every command', (shell) => {
    const script = completionScript(program, shell, values);
    for (const { options } of program.commands)
      for (const { long } of options) expect(script).toContain(shell === 'fish' ? `-l ${long?.slice(2)} ` : long);
  });
});

describe('examples', () => {
  it('are there for every command', () =>
    expect(Object.keys(EXAMPLES).sort()).toEqual(program.commands.map((command) => command.name()).sort()));

  const lines = Object.values(EXAMPLES).flatMap((examples) => examples.map(({ line }) => line));
  it.each(lines)('%s', async (line) => {
    // In front of the tool may stand another one: git bisect run sh -c, source.
    const own = /tdxfuzz (?:[^'|>)]|'[^']*')*/.exec(line.replaceAll(/^git .*; /g, ''))?.[0] ?? '';
    const [words] = commandsInScript(
      own.replaceAll(/'([^']*)'/g, (_, text: string) => text.replaceAll(' ', '_')),
      {},
    );
    await parseOnly(words);
  });
});

describe('the manual page', () => {
  it('is what npm run build:docs writes', async () =>
    expect(readFileSync(join(packageRoot(), MAN_PAGE), 'utf8')).toBe(await manPage()));

  it('has every command, option and example, and no line that roff takes for a request of its own', async () => {
    const page = await manPage();
    for (const command of program.commands) {
      expect(page).toContain(`.SS tdxfuzz ${command.name()}`);
      for (const { long } of command.options) expect(page).toContain(long?.replaceAll('-', '\\-'));
    }
    const requests = page.split('\n').filter((line) => /^[.']/.test(line));
    for (const line of requests) expect(line).toMatch(/^\.(TH|SH|SS|TP|PP|B|I|nf|fi)\b/);
  });
});

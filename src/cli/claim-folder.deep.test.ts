/** Who may write to which folder: the rules, and the commands that keep them. */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../errors.js';
import { packageRoot } from '../package-info.js';
import { claimResultFolder, claimState } from './claim-folder.js';
import {
  BROKEN_TDCALL,
  objectWith,
  type Outcome,
  put,
  removeFolder,
  SOUND_TDCALL,
  tdxfuzz,
  temporaryFolder,
} from './run-cli.test.helper.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));
const at = (name: string): string => join(folder, name);

/** Every file below a folder, with its bytes. */
function contentOf(path: string): Record<string, string> {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return [file, readFileSync(file, 'latin1')];
    }),
  );
}

/** A new folder with these files. */
function folderWith(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(at('made-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

const MARK = (kind: string, version = 1): string => `{"schema":"tdxfuzz/folder/${version}","kind":"${kind}"}`;
const CLAIMS = { result: claimResultFolder, night: claimState };
type Kind = keyof typeof CLAIMS;

describe('a folder', () => {
  it.each<[string, Record<string, string>, Kind]>([
    ['with the result of another run is one for a result', { 'folder.json': MARK('result'), 'r.html': '' }, 'result'],
    ['with a state is one for a night', { 'folder.json': MARK('night'), 'records.jsonl': '' }, 'night'],
    ['that is empty is one for a result', {}, 'result'],
    ['that is empty is one for a night', { '.gitignore': '*\n' }, 'night'],
    ['of a process that was killed as it began is as an empty one', { lock: '{}', '.folder.json.12': '{' }, 'night'],
    ['with a result of an earlier version is one for a result', { 'result.json': '', 'listings.json': '' }, 'result'],
    ['with a shard of an earlier version is one for a result', { 'records-1-of-8.jsonl': '' }, 'result'],
    ['with records of an earlier version may be a state', { 'records.jsonl': '', 'report.html': '' }, 'night'],
  ])('%s', (_, files, kind) => {
    const path = folderWith(files);
    const release = CLAIMS[kind](path);
    expect(() => CLAIMS[kind](path)).toThrow(/in use by process \d+ on /);
    release();
    expect(JSON.parse(readFileSync(join(path, 'folder.json'), 'utf8'))).toEqual(JSON.parse(MARK(kind)));
    expect(readFileSync(join(path, '.gitignore'), 'utf8')).toBe('*\n');
    expect(readdirSync(path)).not.toContain('lock');
    // From now on it is of this kind.
    expect(() => CLAIMS[kind === 'night' ? 'result' : 'night'](path)).toThrow(/: holds .*; name another folder$/);
  });

  it.each<[string, Record<string, string>, Kind, RegExp]>([
    [
      'with a state is none for a result',
      { 'folder.json': MARK('night'), 'records.jsonl': 'r', 'result.json': 'x' },
      'result',
      /^--out \S+: holds a night's state, which only nightly writes to; name another folder$/,
    ],
    [
      'with a result is none for a night',
      { 'folder.json': MARK('result'), 'records.jsonl': 'r' },
      'night',
      /^--state \S+: holds the result of fuzz, gate or merge; name another folder$/,
    ],
    [
      'with records of an earlier version',
      { 'records.jsonl': 'r', 'result.json': 'x' },
      'result',
      /: holds records of an earlier version, which may be a night's state; remove it, or name another folder$/,
    ],
    [
      'with files of others is none for a result',
      { 'main.c': 'm' },
      'result',
      /did not write \(main\.c\); name a fold/,
    ],
    [
      'with files of others is none for a night',
      { 'main.c': 'm', '.gitignore': 'x' },
      'night',
      /did not write \(main\./,
    ],
    ['with names that would break a line', { '\u001b[2J\n': '' }, 'result', /did not write \(\\x1b\[2J\\x0a\)/],
    [
      'of a later version is none for anything',
      { 'folder.json': MARK('result', 2), 'result.json': 'x' },
      'result',
      /folder\.json: says nothing that this version knows; name another folder$/,
    ],
    ['with a mark that is cut', { 'folder.json': '{"sch' }, 'night', /folder\.json: not JSON/],
  ])('%s, and stays untouched', (_, files, kind, message) => {
    const path = folderWith(files);
    const before = contentOf(path);
    const claim = (): unknown => CLAIMS[kind](path);
    expect(claim).toThrow(UsageError);
    expect(claim).toThrow(message);
    expect(contentOf(path)).toEqual(before);
  });

  it('of a volume that was just made is empty', () => {
    const path = folderWith({});
    mkdirSync(join(path, 'lost+found'));
    claimState(path)();
    expect(readdirSync(path)).toContain('folder.json');
  });

  it('of a result that gives way keeps no verdict and no records but those of other shards', () => {
    const names = ['records.jsonl', 'records-0-of-4.jsonl', 'records-1-of-4.jsonl', 'records-1-of-2.jsonl'];
    const files = Object.fromEntries(
      [...names, 'result.json', 'listings.json', 'report.html'].map((name) => [name, '']),
    );
    const records = (path: string): string[] => readdirSync(path).filter((name) => /^(records|result|list)/.test(name));
    const shard = folderWith({ 'folder.json': MARK('result'), ...files });
    claimResultFolder(shard, { index: 0, of: 4 })();
    expect(records(shard)).toEqual(['records-1-of-4.jsonl']);
    const whole = folderWith({ 'folder.json': MARK('result'), ...files });
    claimResultFolder(whole)();
    expect(records(whole)).toEqual([]);
    expect(readdirSync(whole)).toContain('report.html');
  });
});

const MINE = [put(folder, 'my.o', objectWith('__tdcall', SOUND_TDCALL)), '--contract', 'linux-6.7', '--workers', '1'];
const BROKEN = [put(folder, 'broken.o', objectWith('__tdcall', BROKEN_TDCALL)), ...MINE.slice(1)];
const RUN = {
  fuzz: (out: string) => tdxfuzz(['fuzz', ...MINE, '--runs', '50', '--seed', 's', '--out', at(out)]),
  gate: (out: string) => tdxfuzz(['gate', ...MINE, '--runs', '50', '--out', at(out)]),
  merge: (out: string) => tdxfuzz(['merge', at('fuzzed'), '--out', at(out)]),
  nightly: (state: string) => tdxfuzz(['nightly', ...MINE, '--time', '1s', '--state', at(state)]),
} satisfies Record<string, (name: string) => Promise<Outcome>>;

describe('the commands', () => {
  beforeAll(async () => {
    expect((await RUN.fuzz('fuzzed')).status).toBe(0);
    expect((await RUN.nightly('night')).status).toBe(0);
  });

  it.each(['fuzz', 'gate', 'merge'] as const)('%s leaves a night’s state as it is', async (command) => {
    const before = contentOf(at('night'));
    const { status, stdout, stderr } = await RUN[command]('night');
    expect(stderr).toMatch(/^tdxfuzz: --out \S+night: holds a night's state, .*; name another folder\n$/);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(contentOf(at('night'))).toEqual(before);
  });

  it('a night goes on in its own state, and in no result', async () => {
    cpSync(at('night'), at('second'), { recursive: true });
    const before = statSync(join(at('second'), 'records.jsonl')).size;
    expect((await RUN.nightly('second')).status).toBe(0);
    expect(statSync(join(at('second'), 'records.jsonl')).size).toBeGreaterThan(before);
    const other = await RUN.nightly('fuzzed');
    expect(other).toMatchObject({ status: 2, stdout: '' });
    expect(other.stderr).toMatch(/--state \S+fuzzed: holds the result of fuzz, gate or merge; name another folder\n$/);
  });

  it('a gate writes over a result of fuzz, and leaves none of its records', async () => {
    expect((await RUN.fuzz('reused')).status).toBe(0);
    const records = (): string[] =>
      readFileSync(join(at('reused'), 'records.jsonl'), 'utf8')
        .trim()
        .split('\n');
    const before = records();
    expect((await RUN.gate('reused')).status).toBe(0);
    const files = ['.gitignore', 'folder.json', 'listings.json', 'records.jsonl', 'result.json'];
    expect(readdirSync(at('reused')).sort()).toEqual(files);
    // Those of the gate begin anew: one run, and of the other not even the line that begins it.
    expect(records().filter((line) => line.includes('"kind":"run"'))).toHaveLength(1);
    expect(records()).not.toContain(before[0]);
  });

  /** Runs a command until its folder is locked. @returns what ends it */
  async function running(name: string, args: readonly string[]): Promise<() => Promise<void>> {
    const child = spawn(process.execPath, [join(packageRoot(), 'dist/src/start/main.cjs'), ...args, at(name)]);
    const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
    for (const started = Date.now(); Date.now() - started < 30_000; await new Promise((done) => setTimeout(done, 20)))
      if (statSync(join(at(name), 'lock'), { throwIfNoEntry: false }) !== undefined) break;
    return () => {
      child.kill('SIGKILL');
      return ended;
    };
  }

  it.each([
    ['fuzz', ['fuzz', ...MINE, '--time', '60s', '--out'], 'gate'],
    ['gate', ['gate', ...MINE, '--runs', '1000000000', '--out'], 'fuzz'],
  ] as const)('what a running %s has claimed is no other’s until it ends, killed or not', async (name, args, other) => {
    const end = await running(`busy-${name}`, args);
    try {
      const { status, stdout, stderr } = await RUN[other](`busy-${name}`);
      expect(stderr).toMatch(
        /^tdxfuzz: --out \S+: in use by process \d+ on \S+; wait for it, or name another folder\n$/,
      );
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    } finally {
      await end();
    }
    expect(readdirSync(at(`busy-${name}`))).toContain('lock');
    expect((await RUN[other](`busy-${name}`)).status).toBe(0);
  });

  it('the folder that nobody named is waited for: the finding is written', async () => {
    const own = at('project');
    mkdirSync(own);
    const args = ['fuzz', ...BROKEN, '--runs', '300', '--seed', 's'];
    const outcomes = await Promise.all([1, 2, 3].map(() => tdxfuzz(args, { cwd: own })));
    expect(outcomes.map(({ status, stderr }) => [status, stderr])).toEqual([1, 2, 3].map(() => [1, '']));
    expect(readdirSync(join(own, 'tdxfuzz-out/findings'))).toHaveLength(1);
  });
});

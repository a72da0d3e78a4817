/** At the desk and in CI: minimize, accept, expect, comparisons, several formats, the first finding, watching, shards of a gate. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../campaign/records/result.js';
import { packageRoot } from '../package-info.js';
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
const inside = (...args: string[]): Promise<Outcome> => tdxfuzz(args, { cwd: folder });
const WITH = ['--contract', 'linux-6.7', '--workers', '1'];
const resultIn = (name: string): RunResult =>
  JSON.parse(readFileSync(join(folder, name, 'result.json'), 'utf8')) as RunResult;

let finding = '';
beforeAll(async () => {
  put(folder, 'sound.o', objectWith('__tdcall', SOUND_TDCALL));
  put(folder, 'broken.o', objectWith('__tdcall', BROKEN_TDCALL));
  await inside('gate', 'broken.o', ...WITH, '--runs', '500', '--out', 'found');
  const [name] = readdirSync(join(folder, 'found/findings'));
  finding = join('found/findings', name, 'case.json');
});

describe('minimize', () => {
  it('takes away what does not matter, and keeps the violation', async () => {
    const file = JSON.parse(readFileSync(join(folder, finding), 'utf8')) as {
      steps: { values: Record<string, string> }[];
    };
    const small = structuredClone(file.steps);
    file.steps[0].values['entry.rdi'] = '0x1234567';
    file.steps[0].values['block.field4'] = '0x99';
    put(folder, 'large.json', JSON.stringify(file));
    const { status, stdout } = await inside('minimize', 'large.json', '--out', 'small.json');
    expect(status).toBe(0);
    expect(stdout).toMatch(/3 values not neutral: now 1 step, 1 value/);
    expect((JSON.parse(readFileSync(join(folder, 'small.json'), 'utf8')) as typeof file).steps).toEqual(small);
    const replayed = await inside('replay', 'small.json');
    expect(replayed.stdout.trimEnd().endsWith('reproduced')).toBe(true);
  });

  it('writes nothing that it was not asked to write', async () => {
    const before = readdirSync(folder, { recursive: true });
    expect((await inside('minimize', finding)).stdout).toContain('not kept: --out FILE writes it');
    expect(readdirSync(folder, { recursive: true })).toEqual(before);
  });

  it('has nothing to do with a case that violates nothing', async () => {
    const file = JSON.parse(readFileSync(join(folder, finding), 'utf8')) as { steps: { values: object }[] };
    file.steps[0].values = {};
    put(folder, 'neutral.json', JSON.stringify(file));
    const { status, stderr } = await inside('minimize', 'neutral.json');
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringMatching(/neutral\.json: violates nothing/) });
  });
});

describe('rules', () => {
  it('accept --all makes a baseline, once; expect tells and prunes it', async () => {
    expect((await inside('accept', '--all', 'found', '--reason', 'baseline')).stdout).toContain(': added: ');
    const again = await inside('accept', '--all', 'found', '--reason', 'another reason');
    expect(again.stdout).toBe('1 of 1 findings have a rule already\n');
    expect(readFileSync(join(folder, 'tdxfuzz/expect.json'), 'utf8')).toContain('"reason": "baseline"');
    await inside('gate', 'broken.o', ...WITH, '--out', 'with-rule');
    const used = await inside('expect', 'broken.o', ...WITH.slice(0, 2), '--result', 'with-rule');
    expect(used.stdout).toMatch(/marshals-arguments call\.r9 .* covers 1 finding .*baseline/);
    // Of a part of the cases nothing is removed.
    await inside('gate', 'sound.o', ...WITH, '--runs', '500', '--out', 'short');
    const short = await inside('expect', 'sound.o', ...WITH.slice(0, 2), '--result', 'short', '--prune');
    expect(short.stdout).toMatch(/not asked[^]*0 rules removed/);
    await inside('gate', 'sound.o', ...WITH, '--out', 'mended');
    const pruned = await inside('expect', 'sound.o', ...WITH.slice(0, 2), '--result', 'mended', '--prune');
    expect(pruned.stdout).toContain('1 rule removed');
    expect((await inside('expect')).stdout).toBe('tdxfuzz/expect.json: no rules\n');
  });
});

describe('a comparison', () => {
  it('says what is new, and the other way round what is gone', async () => {
    await inside('fuzz', 'sound.o', ...WITH, '--runs', '500', '--out', 'clean');
    expect((await inside('report', 'found', '--compare', 'clean')).stdout).toMatch(/^ *new +__tdcall: marshals-arg/);
    expect((await inside('report', 'clean', '--compare', 'found')).stdout).toContain('0 new, 0 still, 1 gone');
    expect((await inside('report', 'found', '--compare', 'found')).stdout).toContain('0 new, 1 still, 0 gone');
    const json = await inside('report', 'found', '--compare', 'clean', '--format', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({ schema: 'tdxfuzz/comparison/1', fresh: [{}], known: [], gone: [] });
    await inside('report', 'found', '--compare', 'clean', '--format', 'html', '--out', 'beside.html');
    const page = readFileSync(join(folder, 'beside.html'), 'utf8');
    expect(page).toContain('1 new');
    expect(page).not.toMatch(/<script|href="http|url\(/);
    const other = await inside('report', 'found', '--compare', 'clean', '--format', 'junit');
    expect(other).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('formats', () => {
  it('several at once are those of one result', async () => {
    const files = ['json=r.json', 'junit=r.xml', 'sarif=r.sarif', 'html=r.html', 'github'].flatMap((one) => [
      '--format',
      one,
    ]);
    const { status, stdout } = await inside('fuzz', 'broken.o', ...WITH, '--runs', '300', '--out', 'formats', ...files);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^::error title=tdxfuzz%3A marshals-arguments%3A call\.r9/);
    const result = JSON.parse(readFileSync(join(folder, 'r.json'), 'utf8')) as RunResult;
    expect(result).toEqual(resultIn('formats'));
    expect(readFileSync(join(folder, 'r.xml'), 'utf8')).toContain('<testsuites');
    expect(readFileSync(join(folder, 'r.sarif'), 'utf8')).toContain('"version": "2.1.0"');
    expect(readFileSync(join(folder, 'r.html'), 'utf8')).toContain('<!doctype html>');
  });
});

describe('the first finding', () => {
  it.each(['fuzz', 'gate'])('%s --fail-fast ends with it, and not with what a rule covers', async (command) => {
    const args = [command, 'broken.o', ...WITH, '--runs', '40000', '--fail-fast', '--format', 'json'];
    const found = await inside(...args);
    expect(found.status).toBe(1);
    const { result, run } = JSON.parse(found.stdout) as RunResult;
    expect(result.targets[0].cases).toBeLessThan(40_000);
    expect(run.interrupted).toBe(true);
    await inside('accept', finding, '--reason', 'r', '--expect', `${command}.json`);
    const accepted = await inside(...args, '--expect', `${command}.json`);
    expect(accepted.status).toBe(0);
    expect((JSON.parse(accepted.stdout) as RunResult).result.targets[0].cases).toBe(40_000);
  });

  it('a stored case that fails is one', async () => {
    mkdirSync(join(folder, 'cases'));
    writeFileSync(join(folder, 'cases/one.json'), readFileSync(join(folder, finding)));
    const args = ['gate', 'broken.o', ...WITH, '--cases', 'cases', '--fail-fast', '--format', 'json'];
    const { status, stdout } = await inside(...args);
    expect(status).toBe(1);
    expect((JSON.parse(stdout) as RunResult).result.targets[0]).toMatchObject({ cases: 0, replayed: 1 });
  });
});

describe('a gate', () => {
  it('in shards, merged, has the result of the whole one, byte for byte', async () => {
    for (const shard of ['0', '1', '2'])
      await inside('gate', 'broken.o', ...WITH, '--runs', '20000', '--shard', `${shard}/3`, '--out', `g${shard}`);
    const merged = await inside('merge', 'g2', 'g0', 'g1', '--out', 'merged');
    expect(merged.status).toBe(1);
    await inside('gate', 'broken.o', ...WITH, '--runs', '20000', '--out', 'whole');
    expect(JSON.stringify(resultIn('merged').result)).toBe(JSON.stringify(resultIn('whole').result));
    const lost = await inside('merge', 'g0', 'g2', '--partial', '--out', 'lost');
    expect(lost.stdout).toMatch(/^incomplete: shard 1 of 3 missing/);
  });

  it('with a time says which targets had fewer cases', async () => {
    const { status, stdout } = await inside('gate', 'sound.o', ...WITH, '--runs', '900000000', '--time', '1s');
    expect(status).toBe(0);
    expect(stdout).toMatch(/note: __tdcall: time was up after [\d,]+ of 900,000,000 cases/);
  });

  it('in a shard without a folder is refused', async () => {
    const { status, stderr } = await inside('gate', 'sound.o', ...WITH, '--shard', '0/3');
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringMatching(/--shard needs --out DIR/) });
  });
});

describe('the command to run again', () => {
  it('is whole, and gives the same', async () => {
    const first = await inside('fuzz', 'broken.o', ...WITH, '--time', '1s', '--out', 'first');
    const line = /the same run again: tdxfuzz (.*)/.exec(first.stdout)?.[1] ?? '';
    const words = line.split(' ').map((word) => (word === 'first' ? 'second' : word));
    expect((await inside(...words)).status).toBe(1);
    expect(JSON.stringify(resultIn('second').result)).toBe(JSON.stringify(resultIn('first').result));
  });
});

describe('git bisect', () => {
  it.each<[string, string[], number]>([
    ['a build that has it still', ['--image', 'broken.o'], 1],
    ['a build without it', ['--image', 'sound.o'], 0],
    ['a build that is no object', ['--image', 'text.o'], 125],
    ['a build without the function', ['--image', 'other.o'], 125],
  ])('%s', async (_, image, expected) => {
    put(folder, 'text.o', 'error: no such instruction\n');
    put(folder, 'other.o', objectWith('something_else', SOUND_TDCALL));
    expect((await inside('replay', finding, ...image, '--bisect')).status).toBe(expected);
  });
});

describe('--watch', () => {
  it('runs again when the image changes, and ends with Ctrl-C', async () => {
    writeFileSync(join(folder, 'watched.o'), readFileSync(join(folder, 'broken.o')));
    const main = join(packageRoot(), 'dist/src/cli/main.js');
    const args = [main, 'fuzz', 'watched.o', ...WITH, '--runs', '200', '--watch', '--out', 'watched'];
    const child = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, NO_COLOR: '1' } });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    const until = async (times: number): Promise<void> => {
      for (let tries = 0; stderr.split('watching ').length <= times && tries < 1000; tries++) await wait(100);
    };
    await until(1);
    expect(stdout).toContain('1 finding in 200 cases');
    writeFileSync(join(folder, 'watched.o'), readFileSync(join(folder, 'sound.o')));
    await until(2);
    expect(stderr).toContain('watched.o changed');
    expect(stdout).toContain('nothing found in 200 cases');
    writeFileSync(join(folder, 'watched.o'), 'half an obj');
    await until(3);
    expect(stderr).toMatch(/watched\.o: not an ELF/);
    child.kill('SIGINT');
    expect(await ended).toBe(2);
    expect(existsSync(join(folder, 'watched/lock'))).toBe(false);
  });

  it('of the built-in targets has nothing to watch', async () => {
    const { status, stderr } = await inside('fuzz', '--watch');
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringMatching(/built-in targets do not change/) });
  });
});

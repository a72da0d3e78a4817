/** Three nights on a project whose code changes between them: what is new, what still stands and since when, what is gone. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readHistory } from '../history/nights.js';
import type { RunResult } from '../campaign/records/result.js';
import { CODE, writeElf } from '../image/elf-writer.test.helper.js';
import { packageRoot } from '../package-info.js';
import {
  BROKEN_TDCALL,
  type Outcome,
  put,
  removeFolder,
  SOUND_TDCALL,
  tdxfuzz,
  temporaryFolder,
} from './run-cli.test.helper.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));
const state = join(folder, 'state');
const announced = join(folder, 'announced.jsonl');

/** An object of two functions. */
function build(one: readonly number[], two: readonly number[]): string {
  const padded = [...one, ...Array.from({ length: 64 - one.length }, () => 0xcc)];
  return put(
    folder,
    'project.o',
    writeElf({
      sections: [{ name: '.text', flags: CODE, align: 16, data: Uint8Array.from([...padded, ...two]) }],
      symbols: [
        { name: 'first', section: '.text', type: 2, size: BigInt(one.length) },
        { name: 'second', section: '.text', value: 64n, type: 2, size: BigInt(two.length) },
      ],
    }),
  );
}

const NIGHT = ['--workers', '1', '--time', '2s'];
const IMAGE = [
  join(folder, 'project.o'),
  ...['first', 'second'].flatMap((symbol) => ['--target', `${symbol}=linux-6.7/__tdcall`]),
];
const night = (...more: string[]): Promise<Outcome> =>
  tdxfuzz(['nightly', ...IMAGE, '--state', state, '--announce', announced, ...NIGHT, ...more]);
const runOf = (): RunResult['run'] => (JSON.parse(readFileSync(join(state, 'result.json'), 'utf8')) as RunResult).run;
const names = (list: readonly { target: string; property: string }[] = []): string[] =>
  list.map(({ target, property }) => `${target} ${property}`);

/** A NOP first: the same mistake at another place. */
const MOVED = [0x90, ...BROKEN_TDCALL];

describe('three nights', () => {
  const nights: { outcome: Outcome; run: RunResult['run'] }[] = [];
  beforeAll(async () => {
    build(BROKEN_TDCALL, SOUND_TDCALL);
    nights.push({ outcome: await night('--seed', 'three'), run: runOf() });
    build(MOVED, BROKEN_TDCALL);
    nights.push({ outcome: await night(), run: runOf() });
    build(SOUND_TDCALL, BROKEN_TDCALL);
    nights.push({ outcome: await night(), run: runOf() });
  });

  it('the first is fresh, and all that it finds is new', () => {
    const { outcome, run } = nights[0];
    expect(outcome.status).toBe(1);
    expect(outcome.stdout).toMatch(/^new {3}first: marshals-arguments: /m);
    expect(outcome.stdout).toContain('night 1, a fresh state: 1 new, 0 still, 0 gone');
    expect(run.night).toMatchObject({ number: 1, resumed: false, still: [], gone: [] });
    expect(names(run.night?.fresh)).toEqual(['first marshals-arguments']);
  });

  it('the second has one that moved with the code, and a new one', () => {
    const { outcome, run } = nights[1];
    expect(outcome.status).toBe(1);
    expect(outcome.stdout).toContain('night 2, went on from the state: 1 new, 1 still, 0 gone');
    expect(names(run.night?.fresh)).toEqual(['second marshals-arguments']);
    expect(names(run.night?.still)).toEqual(['first marshals-arguments']);
    expect(run.night?.still[0].since).toBe(nights[0].run.start);
    expect(run.night?.still[0].place).not.toBe(nights[0].run.night?.fresh[0].place);
  });

  it('the third says what is gone, and since when the other stands', () => {
    const { outcome, run } = nights[2];
    expect(outcome.status).toBe(1);
    expect(outcome.stdout).toContain('night 3, went on from the state: 0 new, 1 still, 1 gone');
    expect(names(run.night?.gone)).toEqual(['first marshals-arguments']);
    expect(names(run.night?.still)).toEqual(['second marshals-arguments']);
    expect(run.night?.still[0].since).toBe(nights[1].run.start);
    expect(run.night?.gone[0].since).toBe(nights[0].run.start);
  });

  it('what is found is announced while it runs, each line by itself', () => {
    const lines = readFileSync(announced, 'utf8').trimEnd().split('\n');
    const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const { schema, at } of events)
      expect([schema, at]).toEqual(['tdxfuzz/announce/1', expect.stringMatching(/^\d{4}-.*Z$/)]);
    expect(events.filter(({ event }) => event === 'begin').map(({ resumed }) => resumed)).toEqual([false, true, true]);
    const found = events.filter(({ event }) => event === 'finding');
    expect(found.map(({ target, isNew }) => [target, isNew])).toEqual([
      ['first', true],
      ['first', false],
      ['second', true],
    ]);
    expect(events.filter(({ event }) => event === 'gone').map(({ target }) => target)).toEqual(['first']);
    expect(events.at(-1)).toMatchObject({ event: 'end', fresh: 0, still: 1, gone: 1, status: 1 });
  });

  it('status says where it stands', async () => {
    const { status, stdout } = await tdxfuzz(['status', state]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/second: marshals-arguments: .*, since \d{4}-\d\d-\d\d \d\d:\d\d/);
    expect(stdout).not.toMatch(/first: marshals-arguments/);
    expect(stdout).toMatch(/last new coverage/);
    const json = JSON.parse((await tdxfuzz(['status', state, '--format', 'json'])).stdout) as Record<string, unknown>;
    expect(json).toMatchObject({ schema: 'tdxfuzz/status/1', running: null, nights: 3 });
  });

  it('the trend has a row for each, and its page is one file without a script from elsewhere', async () => {
    const { stdout } = await tdxfuzz(['trend', state]);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .filter((line) => /^\s*\d{4}-/.test(line)),
    ).toHaveLength(3);
    const page = join(folder, 'trend.html');
    const { status } = await tdxfuzz(['trend', state, '--format', 'html', '--out', page]);
    expect(status).toBe(0);
    const text = readFileSync(page, 'utf8');
    expect(text).toContain('<svg');
    expect(text).not.toMatch(/<script[^>]*src=|href="http|@import|url\(/);
    const json = JSON.parse((await tdxfuzz(['trend', state, '--format', 'json'])).stdout) as { nights: unknown[] };
    expect(json.nights).toHaveLength(3);
  });

  it('with --new-only what stands fails no night, and is told', async () => {
    const { status, stdout } = await night('--new-only');
    expect(status).toBe(0);
    expect(stdout).toContain('0 new, 1 still, 0 gone');
    // And the next one without it fails again.
    expect((await night()).status).toBe(1);
  });

  it('one that is killed is told of in the history, and what it found is new to the next', async () => {
    build(BROKEN_TDCALL, BROKEN_TDCALL);
    await killedNight();
    const { stdout } = await night();
    expect(stdout).toContain('1 new, 1 still, 0 gone');
    const { nights: told } = readHistory(state);
    expect(told.map(({ ended }) => ended)).toEqual([...Array<string>(5).fill('whole'), 'killed', 'whole']);
  });

  it('a history that is damaged is put aside, and the night goes on', async () => {
    writeFileSync(join(state, 'nights.json'), '{ "schema": "tdxfuzz/nights/1", "nights": 5 }');
    const { status, stderr, stdout } = await night();
    expect(status).toBe(1);
    expect(stderr).toMatch(/nights\.json: not a history of nights: .*set aside as damaged-nights\.json/);
    expect(stdout).toContain('2 new, 0 still, 0 gone');
    expect(existsSync(join(state, 'damaged-nights.json'))).toBe(true);
  });

  it('a history of a newer version is refused, and stays', async () => {
    const text = '{ "schema": "tdxfuzz/nights/9" }';
    writeFileSync(join(state, 'nights.json'), text);
    const { status, stderr } = await night();
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringMatching(/nights\/9 is not known to this/) });
    expect(readFileSync(join(state, 'nights.json'), 'utf8')).toBe(text);
  });
});

/** A night that ends by SIGKILL, a second after its first record. */
function killedNight(): Promise<void> {
  const records = join(state, 'records.jsonl');
  const before = statSync(records).size;
  return new Promise((resolve, reject) => {
    const main = join(packageRoot(), 'dist/src/cli/main.js');
    const child = spawn(process.execPath, [
      main,
      'nightly',
      ...IMAGE,
      '--state',
      state,
      '--workers',
      '1',
      '--time',
      '1h',
    ]);
    let timer: NodeJS.Timeout | undefined;
    const poll = setInterval(() => {
      if (timer === undefined && statSync(records).size > before) timer = setTimeout(() => child.kill('SIGKILL'), 1000);
    }, 20);
    child.on('error', reject);
    child.on('close', () => {
      clearInterval(poll);
      clearTimeout(timer);
      resolve();
    });
  });
}

/** A selection of nothing is no pass: every command that selects says in one line what selected nothing, with status 2. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
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
const SOUND = objectWith('__tdcall', SOUND_TDCALL);

const RUN: Readonly<Record<string, string[]>> = {
  fuzz: ['fuzz', '--runs', '20', '--workers', '1', '--out', 'out'],
  gate: ['gate', '--runs', '20', '--workers', '1', '--out', 'out'],
  nightly: ['nightly', '--time', '1s', '--workers', '1', '--state', 'out'],
};

/** A project of one sound function, and what else it has. */
function project(name: string, files: Readonly<Record<string, string>> = {}): string {
  const own = join(folder, name.replaceAll(/[^a-z0-9]+/gi, '-'));
  mkdirSync(own);
  put(own, 'my.o', SOUND);
  for (const [path, text] of Object.entries(files)) put(own, path, text);
  return own;
}

function refused({ status, stdout, stderr }: Outcome, wanted: RegExp): void {
  expect(stderr).toMatch(wanted);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
}

const config = (text: string): Record<string, string> => ({ 'tdxfuzz.config.json': text });
const mine = ['my.o', '--contract', 'linux-6.7'];

async function nothing(
  command: string,
  name: string,
  files: Record<string, string>,
  args: readonly string[],
  wanted: RegExp,
): Promise<void> {
  const own = project(`${command} ${name}`, files);
  refused(await tdxfuzz([...RUN[command], ...args], { cwd: own }), wanted);
  expect(existsSync(join(own, 'out'))).toBe(false);
}

describe('a gate', () => {
  test.concurrent.each<[string, Record<string, string>, string[], RegExp]>([
    [
      'an empty list of targets',
      config('{ "targets": [] }'),
      [],
      /^tdxfuzz: tdxfuzz\.config\.json: targets: an empty list, .*; name an image/,
    ],
    [
      'targets that user code found none of',
      { 'tdxfuzz.config.mjs': 'export default { targets: ["my.o"].filter((name) => name.endsWith(".so")) };' },
      [],
      /^tdxfuzz: tdxfuzz\.config\.mjs: targets: an empty list/,
    ],
    [
      'a pattern for an image in the configuration',
      config('{ "targets": [{ "image": "build/*.o" }] }'),
      [],
      /targets\.0: build\/\*\.o: no such file, and no pattern is resolved here/,
    ],
    [
      'an image of another name in the configuration',
      config('{ "targets": [{ "image": "mu.o" }] }'),
      [],
      /targets\.0: mu\.o: no such file; nearest: my\.o/,
    ],
    ['a pattern for an image', {}, ['*.elf'], /\*\.elf: no such file, and no pattern is resolved here/],
    ['a target', {}, [...mine, '--target', '__tdcal'], /--target __tdcal matches no target; nearest: __tdcall/],
    ['one target of two', {}, [...mine, '--target', '__tdcall', '--target', 'x*'], /--target x\* matches no target/],
    ['a built-in target', {}, ['--target', 'guest-5.20/*'], /--target guest-5\.20\/\* .*nearest: guest-5\.19\/\*/],
    ['a property', {}, [...mine, '--property', 'keeps-stak'], /--property keeps-stak .*nearest: keeps-stack/],
    [
      'a property that does not apply',
      {},
      [...mine, '--property', 'seamcall-frame'],
      /^tdxfuzz: --property seamcall-frame applies to none of the selected targets \(__tdcall: .+\); choose another/,
    ],
    [
      'one such property beside another',
      {},
      [...mine, '--property', 'keeps-stack', '--property', 'map-gpa-r*'],
      /--property map-gpa-r\* applies to none of the selected targets \(it is of another kind of code\)/,
    ],
    ['a contract set', {}, ['my.o', '--contract', 'linux-6.77'], /no contract set linux-6\.77; nearest: linux-6\.7/],
    ['a contract set without an image', {}, ['--contract', 'linux-6.7'], /--contract linux-6\.7: needs an IMAGE/],
    ['an unknown one without an image', {}, ['--contract', 'linux-6.77'], /no contract set linux-6\.77; nearest/],
    ['a folder of cases', {}, [...mine, '--cases', 'gone'], /--cases gone: no such folder/],
  ])('of nothing is refused: %s', (name, files, args, wanted) => nothing('gate', name, files, args, wanted));

  test.concurrent.each([
    ['ends the process', 'process.exit(0); export default {};'],
    [
      'ends it a moment later',
      'await new Promise((done) => setTimeout(() => process.exit(0), 20)); export default {};',
    ],
    ['waits for what never comes', 'await new Promise(() => {}); export default {};'],
  ])('a configuration that %s', async (name, text) => {
    const own = project(`gate ${name}`, { 'tdxfuzz.config.mjs': text });
    const outcome = await tdxfuzz([...RUN['gate'], 'my.o'], { cwd: own });
    expect(outcome.stderr).toMatch(/^tdxfuzz: tdxfuzz\.config\.mjs: ended the process while it was loaded/m);
    expect({ stdout: outcome.stdout, status: outcome.status }).toEqual({ stdout: '', status: 2 });
  });

  test.concurrent('a configuration that ends the process in the middle of the run', async () => {
    const text = 'setTimeout(() => process.exit(0), 300); export default {};';
    const own = project('gate later', { 'tdxfuzz.config.mjs': text });
    const long = RUN['gate'].map((word) => (word === '20' ? '1000000000' : word));
    const outcome = await tdxfuzz([...long, ...mine], { cwd: own });
    expect(outcome.stderr).toMatch(/^tdxfuzz: something ended the process before the command was done/m);
    expect({ stdout: outcome.stdout, status: outcome.status }).toEqual({ stdout: '', status: 2 });
  });
});

// They select as the gate does: one of each kind is enough.
describe.each(['fuzz', 'nightly'])('%s of nothing is refused', (command) => {
  test.concurrent.each<[string, Record<string, string>, string[], RegExp]>([
    ['an empty list of targets', config('{ "targets": [] }'), [], /json: targets: an empty list/],
    [
      'a property that does not apply',
      {},
      [...mine, '--property', 'seamcall-frame'],
      /applies to none of the selected/,
    ],
  ])('%s', (name, files, args, wanted) => nothing(command, name, files, args, wanted));
});

test('a property that was evaluated nowhere is the headline, not that nothing was found', async () => {
  const own = project('decoded');
  // A function that never touches the flags holds by decode: nothing is judged.
  const args = ['my.o', '--contract', 'linux-6.7', '--property', 'keeps-flags', '--runs', '20', '--workers', '1'];
  const outcome = await tdxfuzz(['fuzz', ...args], { cwd: own });
  expect(outcome.status).toBe(2);
  expect(outcome.stdout).toMatch(/^1 of 1 targets without a verdict, nothing found in 20 cases/m);
  expect(outcome.stderr).toBe('tdxfuzz: my.o: __tdcall: no verdict: no property was in force in any case\n');
});

describe('verify', () => {
  let own = '';
  beforeAll(async () => {
    own = project('verify');
    const args = ['my.o', '--contract', 'linux-6.7', '--runs', '20', '--workers', '1', '--out', 'out'];
    expect((await tdxfuzz(['fuzz', ...args], { cwd: own })).status).toBe(0);
  });
  const verify = (...args: string[]): Promise<Outcome> =>
    tdxfuzz(['verify', 'out', 'my.o', '--contract', 'linux-6.7', ...args], { cwd: own });

  test('compares what is there', async () => expect((await verify('--target', '__td*')).status).toBe(0));
  test.each<[string[], RegExp]>([
    [['--target', '__tdcal'], /--target __tdcal matches no recorded target; nearest: __tdcall/],
    [['--target', '__tdcall', '--target', 'x'], /--target x matches no recorded target/],
    [['--block', '7'], /--block 7: no recorded piece of the chosen targets begins with it; they begin with 0/],
  ])('%j', async (args, wanted) => refused(await verify(...args), wanted));
});

test('museum --only names the nearest twin', async () => {
  refused(
    await tdxfuzz(['museum', '--only', 'missing-scrub-rsi-6.5', '--quiet']),
    /--only missing-scrub-rsi-6\.5 matches no twin; nearest: missing-scrub-rsi-6\.4/,
  );
});

/** Some four hundred bad inputs over every command, and the files that they name. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createProgram } from './program.js';
import { objectWith, put, SOUND_TDCALL } from './run-cli.test.helper.js';

/** Writes the files that the rows name. */
export function putBadFiles(folder: string): void {
  const sound = objectWith('__tdcall', SOUND_TDCALL);
  put(folder, 'sound.o', sound);
  put(folder, 'cut.o', sound.slice(0, 90));
  put(folder, 'empty', '');
  put(folder, 'text', 'a line of text\n');
  put(folder, 'broken.json', '{ "schema": "tdxfuzz/case/2", ');
  put(folder, 'list.json', '[]');
  put(folder, 'null.json', 'null');
  put(folder, 'deep.json', '['.repeat(200_000));
  put(folder, 'newer.json', '{ "schema": "tdxfuzz/case/9" }');
  put(folder, 'hostile.json', '{ "schema": "tdxfuzz/case/2", "\\u001b[2J\\n::error::x": 1 }');
  mkdirSync(join(folder, 'folder'));
  for (const [name, text] of Object.entries({ broken: '{', list: '[]', newer: '{ "schema": "tdxfuzz/result/9" }' })) {
    mkdirSync(join(folder, `result-${name}`));
    put(folder, `result-${name}/result.json`, text);
    put(folder, `result-${name}/records.jsonl`, `${text}\n`);
    put(folder, `result-${name}/nights.json`, text);
  }
  put(folder, 'foreign.json', '{ "schema": "tdxfuzz/expect/1", "rules": [{}] }');
  put(folder, 'config.json', '{ "targets": [{ "imgae": "sound.o" }] }');
  put(folder, 'config.mjs', 'throw new Error("two\\nlines");');
  put(folder, 'exit.mjs', 'process.exit(0);');
  put(folder, 'set.json', '{ "schema": "tdxfuzz/contracts/1", "name": "x" }');
  symlinkSync('loop', join(folder, 'loop'));
}

const NO_IMAGES = ['missing.o', 'folder', 'empty', 'text', 'cut.o', '/dev/zero', 'loop'];
const NO_CASES = [
  'missing',
  'folder',
  'empty',
  'text',
  '/dev/zero',
  'loop',
  'sound.o',
  'broken.json',
  'list.json',
  'null.json',
  'deep.json',
  'newer.json',
  'hostile.json',
];
const NO_RESULTS = ['missing', 'text', 'folder', 'result-broken', 'result-list', 'result-newer'];
const NO_NUMBERS = ['0', '-1', '1.5', '1e99', 'x', '', '0x10', '9'.repeat(40)];
const NO_TIMES = ['0', '-1s', 'x', '1d', '1e9h', '', '999999h'];
const NO_SHARDS = ['x', '8/8', '0/0', '-1/2', '1/2/3', 'auto/8', '0/1000000', ''];
const NO_OUTPUTS = ['xml', 'html', 'xml=a', 'json=', 'json=missing/a', 'json=folder', 'json=/dev/null', '=a', ''];

const program = await createProgram();
const names = program.commands.map((command) => command.name());
/** What each command needs before anything else is looked at. */
const NEEDS: Readonly<Record<string, string[]>> = {
  audit: ['sound.o'],
  init: ['sound.o'],
  nightly: ['--state', 'night'],
  status: ['folder'],
  trend: ['folder'],
  merge: ['folder', '--out', 'merged'],
  report: ['folder'],
  replay: ['broken.json'],
  minimize: ['broken.json'],
  verify: ['folder'],
  explain: ['keeps-stack'],
  keep: ['broken.json'],
  accept: ['broken.json', '--reason', 'r'],
  completion: ['bash'],
  offsets: ['sound.o'],
};
const needs = (name: string): string[] => NEEDS[name] ?? [];

/** Arguments, and what the one line on stderr must match. */
export type Row = [args: string[], wanted: RegExp];
const any = /./;
const each = (values: readonly string[], args: (value: string) => string[], wanted = any): Row[] =>
  values.map((value): Row => [args(value), wanted]);

/** What is wrong with them -> the rows. */
export const ROWS: Readonly<Record<string, readonly Row[]>> = {
  'an unknown option of every command': names.map((name): Row => [
    [name, ...needs(name), '--frobnicate'],
    /unknown option '--frobnicate'/,
  ]),
  'what is missing': [
    ...Object.keys(NEEDS).map((name): Row => [[name], /missing required argument|required option|missing/]),
    [['merge', 'folder'], /required option '--out/],
    [['accept', 'broken.json'], /required option '--reason/],
    [['accept', '--reason', 'r'], /give a case, or --all DIR/],
    [['expect', '--prune'], /--prune: needs --result DIR/],
    [['replay', 'broken.json', '--bisect'], /--bisect: needs --image/],
    [['fuzz', 'sound.o', '--shard', '0/2'], /needs --seed TEXT/],
    [['nightly', 'sound.o', '--state', 'night', '--shard', '0/2'], /needs --seed TEXT/],
    [['gate', 'sound.o', '--shard', '0/2'], /needs --out DIR/],
  ],
  'too much': each(
    ['status', 'trend', 'report', 'replay', 'minimize', 'explain', 'keep', 'list', 'completion', 'doctor', 'museum'],
    (name) => [name, ...(name === 'list' ? ['twins'] : needs(name)), 'one', 'two'],
    /too many arguments/,
  ),
  'an unknown command': each(
    ['frobnicate', 'fuz', 'Fuzz', '\u001b[2J', 'constructor', '__proto__'],
    (name) => [name],
    /unknown command/,
  ),
  'a format that there is not': names
    .filter((name) =>
      program.commands.find((command) => command.name() === name)?.options.some(({ long }) => long === '--format'),
    )
    .map((name): Row => [[name, ...needs(name), '--format', 'frob'], /--format/]),
  'files for formats': [
    ...each(NO_OUTPUTS, (format) => ['fuzz', 'sound.o', '--format', format], /--format/),
    [['gate', 'sound.o', '--format', 'json', '--format', 'junit'], /standard output has a format already/],
    [['gate', 'sound.o', '--format', 'json=a', '--format', 'junit=./a'], /two formats for one file/],
  ],
  images: ['audit', 'fuzz', 'gate', 'init'].flatMap((name) => each(NO_IMAGES, (image) => [name, image])),
  'images of a night': each(NO_IMAGES, (image) => ['nightly', image, '--state', 'night', '--time', '1s']),
  cases: ['replay', 'minimize', 'keep'].flatMap((name) => each(NO_CASES, (path) => [name, path])),
  'cases to accept': each(NO_CASES, (path) => ['accept', path, '--reason', 'r']),
  results: [
    ...each(NO_RESULTS, (path) => ['report', path]),
    ...each(NO_RESULTS, (path) => ['report', path, '--compare', path]),
    ...each(NO_RESULTS, (path) => ['gate', 'sound.o', '--contract', 'linux-6.7', '--new-only', path]),
    ...each(NO_RESULTS, (path) => ['merge', path, '--out', 'merged']),
    ...each(NO_RESULTS, (path) => ['verify', path, 'sound.o', '--contract', 'linux-6.7']),
    ...each(NO_RESULTS, (path) => ['status', path]),
    ...each(NO_RESULTS, (path) => ['trend', path]),
    ...each(NO_RESULTS, (path) => ['expect', 'sound.o', '--result', path]),
    ...each(['missing', 'text', 'folder'], (path) => ['accept', '--all', path, '--reason', 'r']),
  ],
  numbers: [
    ...['fuzz', 'gate', 'museum', 'init'].flatMap((name) =>
      each(NO_NUMBERS, (value) => [name, ...needs(name), '--runs', value], /--runs/),
    ),
    ...['fuzz', 'gate', 'nightly'].flatMap((name) =>
      each(['0', '257', '-1', 'x'], (value) => [name, ...needs(name), '--workers', value], /--workers/),
    ),
    ...['fuzz', 'gate', 'nightly'].flatMap((name) =>
      each(NO_TIMES, (value) => [name, ...needs(name), '--time', value], /--time/),
    ),
    ...['fuzz', 'gate', 'nightly'].flatMap((name) =>
      each(NO_SHARDS, (value) => [name, 'sound.o', ...needs(name), '--seed', 's', '--shard', value], /--shard/),
    ),
    ...['fuzz', 'gate', 'nightly'].flatMap((name) =>
      each(['', 'a\nb', 'x'.repeat(300)], (value) => [name, ...needs(name), '--seed', value], /--seed/),
    ),
  ],
  'what does not go together': [
    [['fuzz', '--time', '1s', '--runs', '5'], /--time.*cannot be used with.*--runs/],
    [['report', 'folder', '--out', 'x'], any],
  ],
  'contracts and targets': [
    ...each(['linux-9.9', 'missing.json', 'list.json', 'set.json', 'deep.json', '/dev/zero', ''], (value) => [
      'fuzz',
      'sound.o',
      '--contract',
      value,
    ]),
    ...each(
      ['nothing', 'x=linux-6.7/__tdcall', '__tdcall=linux-6.7/x', '__tdcall=', '=', '0xffff=linux-6.7/__tdcall'],
      (value) => ['gate', 'sound.o', '--target', value],
    ),
    ...each(['keeps-stak', '', '*x*'], (value) => ['fuzz', 'sound.o', '--property', value], /--property/),
    [['explain', 'keeps-stak'], /nearest: keeps-stack/],
    [['list', 'frob'], /frob/],
    [['completion', 'tcsh'], /bash, zsh, fish/],
  ],
  'files of a project': [
    ...['fuzz', 'gate', 'keep', 'expect'].flatMap((name) =>
      each(
        ['missing.json', 'broken.json', 'list.json', 'config.json', 'config.mjs', 'exit.mjs', '/dev/zero'],
        (path) => [name, ...(name === 'keep' ? ['sound.o'] : []), '--config', path],
      ),
    ),
    ...each(['missing.json', 'broken.json', 'list.json', 'foreign.json', '/dev/zero', 'folder'], (path) => [
      'gate',
      'sound.o',
      '--contract',
      'linux-6.7',
      '--expect',
      path,
    ]),
    ...each(['missing', 'text'], (path) => ['gate', 'sound.o', '--contract', 'linux-6.7', '--cases', path]),
  ],
  'places to write to': [
    ...each(['text', '/dev/null', '/proc/tdxfuzz/x', 'loop', ''], (path) => [
      'fuzz',
      'sound.o',
      '--contract',
      'linux-6.7',
      '--runs',
      '5',
      '--out',
      path,
    ]),
    ...each(['text', '/dev/null', '/proc/tdxfuzz/x', 'loop', ''], (path) => [
      'nightly',
      'sound.o',
      '--contract',
      'linux-6.7',
      '--time',
      '1s',
      '--state',
      path,
    ]),
    ...each(
      ['folder', 'missing/x', '/proc/tdxfuzz', ''],
      (path) => [
        'nightly',
        'sound.o',
        '--contract',
        'linux-6.7',
        '--time',
        '1s',
        '--state',
        'night',
        '--announce',
        path,
      ],
      /--announce/,
    ),
  ],
};

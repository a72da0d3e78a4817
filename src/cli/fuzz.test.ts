/** What the command promises: exit statuses, equal bytes for equal seeds, clean streams, a report after Ctrl-C. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  BROKEN_AT,
  BROKEN_TDCALL,
  objectWith,
  put,
  removeFolder,
  SOUND_TDCALL,
  tdxfuzz,
  tdxfuzzInterrupted,
  temporaryFolder,
} from './run-cli.test.helper.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));
const sound = put(folder, 'sound.o', objectWith('__tdcall', SOUND_TDCALL));
const broken = put(folder, 'broken.o', objectWith('__tdcall', BROKEN_TDCALL));
const FEW = ['--runs', '2000', '--seed', 'one seed'];

interface Result {
  result: {
    seed: string;
    runs: number;
    targets: { target: string; cases: number; findings: { property: string; place: string; slot: string }[] }[];
  };
  run: { workers: number; interrupted: boolean };
}

const parse = (stdout: string): Result => JSON.parse(stdout) as Result;

describe.concurrent('fuzz', () => {
  test('of a sound function: status 0, nothing on stderr, no folder is made', async () => {
    const empty = temporaryFolder();
    const { status, stdout, stderr } = await tdxfuzz(['fuzz', sound, ...FEW], { cwd: empty });
    expect(stdout).toContain('nothing found in 2,000 cases on 1 target');
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(existsSync(join(empty, 'tdxfuzz-out'))).toBe(false);
    removeFolder(empty);
  });

  test('of a broken one: status 1, the wrong load is named, the case can be replayed by the printed command', async () => {
    const empty = temporaryFolder();
    const { status, stdout, stderr } = await tdxfuzz(['fuzz', broken, ...FEW], { cwd: empty });
    expect(status).toBe(1);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/finding 1 of 1: marshals-arguments/);
    expect(stdout).toContain(`__tdcall+0x${BROKEN_AT.toString(16)}`);
    expect(stdout).toMatch(/> +\d+ +__tdcall\+0xe +mov 0x10\(%rsi\),%r9/);
    const command = /tdxfuzz (replay \S+)/.exec(stdout)?.[1] ?? '';
    const replayed = await tdxfuzz(command.split(' '), { cwd: empty });
    expect(replayed.stdout).toContain('reproduced');
    expect(replayed.status).toBe(1);
    // Which inputs matter: one field must differ, and of the rest a summary.
    expect(stdout).toMatch(/block\.field\d .* 0x[0-9a-f]+ +.*anything but neutral: (\d+) of \1 others tried fail/);
    expect(stdout).toMatch(/anything {2}\d+ neutral values, of which all others tried fail too/);
    removeFolder(empty);
  });

  test('a finding is a folder, which can be replayed as such, also where its path has to be quoted', async () => {
    const out = join(folder, "it's here");
    const { stdout } = await tdxfuzz(['fuzz', broken, ...FEW, '--out', out]);
    const [name] = readdirSync(join(out, 'findings'));
    expect(name).toMatch(/^marshals-arguments-[0-9a-f]{10}$/);
    const finding = join(out, 'findings', name);
    expect(stdout).toContain(`replay '${finding.replace("'", "'\\''")}/case.json'`);
    expect(readdirSync(finding).sort()).toEqual([
      'README.txt',
      'case.json',
      'contract.json',
      'disassembly.txt',
      'function.bin',
      'reproducer.c',
      'trace.txt',
    ]);
    expect([...readFileSync(join(finding, 'function.bin'))]).toEqual(BROKEN_TDCALL);
    const replayed = await tdxfuzz(['replay', finding]);
    expect(replayed.stdout).toMatch(/\breproduced\n$/);
    expect(replayed.status).toBe(1);
    // The whole trace is the same text.
    const steps = (text: string): string[] =>
      text.split('\n').filter((line) => /^ {4}[ >] +\d+ +__tdcall\+0x/.test(line));
    expect(steps(readFileSync(join(finding, 'trace.txt'), 'utf8'))).toEqual(steps(replayed.stdout));
    expect(steps(replayed.stdout)).toHaveLength(9);
  });

  test('equal seeds give equal bytes of `result`, whatever the number of workers; another seed does not', async () => {
    const json = (seed: string, workers: string, out = `w${workers}${seed}`): Promise<string> =>
      tdxfuzz([
        'fuzz',
        broken,
        '--runs',
        '6000',
        '--seed',
        seed,
        '--workers',
        workers,
        '--format',
        'json',
        '--out',
        join(folder, out),
      ]).then(({ stdout }) => stdout);
    const [first, second, two, other] = await Promise.all([
      json('a', '1'),
      json('a', '1', 'again'),
      json('a', '2'),
      json('b', '1'),
    ]);
    const bytes = (stdout: string): string => /"result": \{[\s\S]*?\n {2}\}/.exec(stdout)?.[0] ?? '';
    expect(bytes(first).length).toBeGreaterThan(1000);
    expect(bytes(second)).toBe(bytes(first));
    expect(bytes(two)).toBe(bytes(first));
    expect(parse(two).run.workers).toBe(2);
    expect(bytes(other)).not.toBe(bytes(first));
    expect(parse(first).result.targets[0].findings.map(({ property, slot }) => `${property} ${slot}`)).toEqual([
      'marshals-arguments call.r9',
    ]);
  });

  test('--time ends in time and prints the --runs that repeat it', async () => {
    const started = Date.now();
    const { status, stdout } = await tdxfuzz(['fuzz', sound, '--time', '1s', '--seed', 't', '--quiet']);
    expect(Date.now() - started).toBeLessThan(45_000);
    expect(status).toBe(0);
    expect(stdout).toMatch(/--seed t --runs \d+/);
    expect(stdout).not.toMatch(/--runs 0\b/);
  });

  test('colour only where it is wanted', async () => {
    const coloured = await tdxfuzz(['fuzz', sound, '--runs', '50'], { env: { FORCE_COLOR: '1' } });
    expect(coloured.stdout).toContain('\x1b[');
    for (const env of [{ NO_COLOR: '1' }, {}] as Record<string, string>[]) {
      const { stdout } = await tdxfuzz(['fuzz', sound, '--runs', '50'], { env });
      expect(stdout).not.toContain('\x1b');
    }
  });

  test('--property and --target narrow what is judged', async () => {
    const { status, stdout } = await tdxfuzz([
      'fuzz',
      broken,
      ...FEW,
      '--verbose',
      '--property',
      'keeps-*',
      '--target',
      '__td*',
    ]);
    expect(stdout).toContain('keeps-stack');
    expect(stdout).not.toContain('marshals-arguments');
    expect(status).toBe(0);
  });

  test('a binding names the function and says what nothing covers', async () => {
    const mine = put(folder, 'mine.o', objectWith('my_tdcall', SOUND_TDCALL));
    const { status, stdout } = await tdxfuzz(['fuzz', mine, ...FEW, '--target', 'my_tdcall=linux-6.7/__tdcall']);
    expect(stdout).toMatch(/my_tdcall +linux-6\.7\/__tdcall +2,000 fresh cases/);
    expect(status).toBe(0);
    const two = put(
      folder,
      'two.o',
      objectWith('__tdcall', [...SOUND_TDCALL], {
        symbols: [
          { name: '__tdcall', section: '.text', type: 2, size: BigInt(SOUND_TDCALL.length - 5) },
          { name: 'uncovered', section: '.text', value: BigInt(SOUND_TDCALL.length - 5), type: 2, size: 5n },
        ],
      }),
    );
    const noted = await tdxfuzz(['fuzz', two, '--contract', 'linux-6.7', '--runs', '50', '--out', join(folder, 'two')]);
    expect(noted.stdout).toMatch(/TDCALL or SEAMCALL in uncovered: no contract covers it/);
    expect(noted.stdout).toMatch(/linux-6\.7 also has .*__tdcall_ret.*not in this image/);
  });
});

test('a function with the name of a contract and another shape has no verdict: status 2, the others are judged', async () => {
  const mixed = put(
    folder,
    'mixed.o',
    objectWith('__tdcall', [...SOUND_TDCALL, 0x66, 0x0f, 0x01, 0xcc, 0xc3], {
      symbols: [
        { name: '__tdcall', section: '.text', type: 2, size: BigInt(SOUND_TDCALL.length) },
        { name: '__tdx_hypercall', section: '.text', value: BigInt(SOUND_TDCALL.length), type: 2, size: 5n },
      ],
    }),
  );
  const { status, stdout, stderr } = await tdxfuzz(['fuzz', mixed, '--runs', '50', '--quiet', '--seed', 'one seed']);
  expect(stdout).toMatch(/__tdcall +linux-6\.7\/__tdcall +50 fresh cases/);
  expect(stdout).toMatch(/linux-6\.7 fits __tdcall in every detail/);
  expect(stderr).toMatch(
    /^tdxfuzz: not judged: .*mixed\.o: __tdx_hypercall has the name of .* and another shape \(.*--target __tdx_hypercall=/m,
  );
  expect(status).toBe(2);
});

describe('Ctrl-C', () => {
  const interrupted = (object: string): ReturnType<typeof tdxfuzz> =>
    tdxfuzzInterrupted([
      'fuzz',
      object,
      '--time',
      '50s',
      '--format',
      'json',
      '--out',
      join(folder, `interrupted ${basename(object)}`),
    ]);

  test('reports what there is: 130, or 1 with a finding', async () => {
    const [clean, found] = await Promise.all([interrupted(sound), interrupted(broken)]);
    for (const { stdout, stderr } of [clean, found]) {
      expect(parse(stdout).run.interrupted).toBe(true);
      expect(parse(stdout).result.targets[0].cases).toBeGreaterThan(0);
      expect(stderr).toMatch(/stopping; press Ctrl-C again/);
    }
    expect(clean.status).toBe(130);
    expect(found.status).toBe(1);
    expect(parse(found.stdout).result.targets[0].findings).toHaveLength(1);
  });
});

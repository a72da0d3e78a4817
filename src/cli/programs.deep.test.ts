/** Programs from the outside: found, told as a numbered story, replayed from the file alone, judged again in a new build. */
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../package-info.js';
import { put, removeFolder, run, tdxfuzz, temporaryFolder } from './run-cli.test.helper.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

const BROKEN = join(packageRoot(), 'corpus/bugs/dispatcher-eagain-is-invalid.o');
const SOUND = join(packageRoot(), 'corpus/targets/dispatcher-7.3.o');
const SEQUENCES = ['--contract', 'kvm-7.3', '--target', 'sequence', '--runs', '2000', '--seed', 'p', '--quiet'];

interface Json {
  result: { targets: { findings: { property: string; case: Record<string, unknown> }[] }[] };
}

let stored: Record<string, unknown>;

beforeAll(async () => {
  const { status } = await tdxfuzz(['fuzz', BROKEN, ...SEQUENCES, '--out', join(folder, 'out')]);
  expect(status).toBe(1);
  const [name] = readdirSync(join(folder, 'out/findings'));
  copyFileSync(join(folder, 'out/findings', name, 'case.json'), join(folder, 'case.json'));
  stored = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')) as Record<string, unknown>;
}, 60_000);

describe('fuzz', () => {
  test('tells a finding as a numbered story of calls and answers', async () => {
    const { status, stdout, stderr } = await tdxfuzz(['fuzz', BROKEN, ...SEQUENCES, '--out', join(folder, 'told')]);
    expect(stderr).toBe('');
    expect(status).toBe(1);
    expect(stdout).toMatch(/^finding 1 of 1: completes-userspace-exit$/m);
    expect(stdout).toMatch(
      /^ {4}1\. vCPU 0: MapGPA from .*\n {9}return\n {9}KVM_EXIT_HYPERCALL {2}nr=KVM_HC_MAP_GPA_RANGE \(0xc\) /m,
    );
    expect(stdout).toMatch(/^ {4}2\. vCPU 0: userspace calls KVM_RUN again, with ret=EAGAIN \(0xb\)$/m);
    expect(stdout).toMatch(/return to guest {2}r10=INVALID_OPERAND \(0x8000000000000000\), must be RETRY \(1\)/);
    expect(stdout).not.toMatch(/^ {4}3\. /m);
  });

  test('gives the same result for any number of workers', async () => {
    const results = await Promise.all(
      ['1', '2'].map(async (workers) => {
        const args = ['fuzz', BROKEN, ...SEQUENCES, '--workers', workers, '--format', 'json', '--runs', '6000'];
        const { stdout } = await tdxfuzz([...args, '--out', join(folder, workers)]);
        return JSON.stringify((JSON.parse(stdout) as Json).result);
      }),
    );
    expect(results[0]).toBe(results[1]);
  });

  test('is silent on the sound object, and says what it judged', async () => {
    const { status, stdout } = await tdxfuzz(['fuzz', SOUND, ...SEQUENCES]);
    expect(stdout).toMatch(/^nothing found in 2,000 cases/m);
    expect(stdout).not.toContain('not evaluated');
    expect(status).toBe(0);
  });
});

describe('replay', () => {
  const replay = (...args: string[]): ReturnType<typeof tdxfuzz> =>
    tdxfuzz(['replay', 'case.json', ...args], { cwd: folder });

  test('from the file alone: reproduced, with the same play', async () => {
    const { status, stdout, stderr } = await replay();
    expect(stderr).toBe('');
    expect(stdout).toContain('the trace is identical to the stored one');
    expect(stdout).toMatch(/\breproduced\n$/);
    expect(status).toBe(1);
    const json = JSON.parse((await replay('--format', 'json')).stdout) as Record<string, unknown>;
    expect(json).toMatchObject({ verdict: 'reproduced', traceIdentical: true });
  });

  test('of the sound build: fixed, with the whole story', async () => {
    const { status, stdout } = await replay('--image', SOUND);
    expect(stdout).toMatch(/^the whole story:\n {4}1\. vCPU 0/m);
    expect(stdout).toMatch(/\bfixed\n$/);
    expect(status).toBe(0);
  });

  test('of the broken build: still broken', async () => {
    const { status, stdout } = await replay('--image', BROKEN);
    expect(stdout).toMatch(/\bstill broken\n$/);
    expect(status).toBe(1);
  });
});

describe('a damaged or hostile case', () => {
  const step = { action: 'complete', values: {} };
  test.each([
    ['an unknown action', { steps: [{ action: 'dance', values: {} }] }, /steps\.0: no action dance/],
    ['an unknown slot', { steps: [{ action: 'complete', values: { x: '0x1' } }] }, /steps\.0\.values: unknown slot x/],
    [
      'a value that is none',
      { steps: [{ action: 'complete', values: { ret: '0x12345678901234567' } }] },
      /64-bit value/,
    ],
    ['too many steps', { steps: Array.from({ length: 65 }, () => step) }, /steps: /],
    ['no step', { steps: [] }, /steps: /],
    ['no steps', { steps: undefined }, /steps: /],
    [
      'a program that nobody plays',
      { contract: { set: 'x', body: { symbol: 'f', source: 's', program: 'nothing', options: {} } } },
      /no program nothing/,
    ],
    [
      'an option that the program has not',
      { contract: { set: 'x', body: { symbol: 'f', source: 's', program: 'dispatcher-sequence', options: { a: 1 } } } },
      /options/,
    ],
    ['a control character in a name', { symbol: 'a\u001b[31mb' }, /code\.symbols/],
  ])('%s is one clear line, and status 2', async (_, change, wanted) => {
    const path = put(folder, 'changed.json', JSON.stringify({ ...stored, ...change }));
    const { status, stdout, stderr } = await tdxfuzz(['replay', path]);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^tdxfuzz: .*\n$/);
    expect(stderr).toMatch(wanted);
    expect(status).toBe(2);
  });
});

test('a reader that has had enough ends the tool without a word', async () => {
  const main = join(packageRoot(), 'dist/src/start/main.cjs');
  const many = Array.from({ length: 3 }, () => `"${process.execPath}" "${main}" list twins`).join('; ');
  const { stdout, stderr } = await run('bash', ['-c', `set -o pipefail; (${many}) | head -1; echo status $?`]);
  expect(stderr).toBe('');
  expect(stdout).toMatch(/\nstatus 141\n$/);
});

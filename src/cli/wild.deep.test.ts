/** `wild` on files: the table is kept, and any change to it fails. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../package-info.js';
import { tdxfuzz } from './run-cli.test.helper.js';

const STUB = join(packageRoot(), 'corpus/targets/guest-5.19.o');
const BROKEN = join(packageRoot(), 'corpus/bugs/helper-7.3-out-one-bit-too-many.o');
let folder = '';
let table = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-wild-'));
  table = join(folder, 'wild.json');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const wild = (...more: string[]) => tdxfuzz(['wild', '--runs', '400', '--quiet', '--table', table, ...more]);

test('a file is judged and kept, and nothing has changed then', async () => {
  expect((await wild('--image', STUB, '--origin', 'own', '--write')).status).toBe(0);
  const [image] = (JSON.parse(readFileSync(table, 'utf8')) as { images: { name: string; origin: string }[] }).images;
  expect(image).toMatchObject({ name: 'guest-5.19.o', origin: 'own' });
  const checked = await wild('--image', STUB, '--check');
  expect(checked.stdout).toContain('unchanged: 1 of 1');
  expect(checked.status).toBe(0);
});

test('what no rule knows is new, and its absence a change', async () => {
  const found = await wild('--image', BROKEN, '--write');
  expect(found.stdout).toMatch(/handle_io .*port-io-width .*new .*TDVMCALL.r15/);
  expect(found.status).toBe(1);
  writeFileSync(table, readFileSync(table, 'utf8').replaceAll('TDVMCALL.r15', 'TDVMCALL.r14'));
  const checked = await wild('--image', BROKEN, '--check');
  expect(checked.stdout).toMatch(/changed: .*found now: port-io-width TDVMCALL.r15/);
  expect(checked.stdout).toMatch(/not checked: guest-5.19.o/);
  expect(checked.status).toBe(1);
});

test.each([
  [['--image', join(tmpdir(), 'no-such-kernel')], 'no such file'],
  [['--check', '--write', '--image', STUB], 'give one'],
  [['--origin', 'x'], 'one for each --image'],
  [['No_Package'], 'no name of a package'],
  [['--image', STUB, '--runs', '5', '--write'], 'has other images of --runs 400'],
  [['--check', '--table', join(tmpdir(), 'no-such-table.json')], 'no-such-table.json'],
])('%j: one line and 2', async (more, line) => {
  const { status, stderr } = await wild(...more);
  expect(stderr).toContain(line);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(status).toBe(2);
});

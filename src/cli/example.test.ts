/** The example's object is what its source says; cli/pack.deep.test.ts runs the example itself. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadImage } from '../image/open-images.js';
import { packageRoot } from '../package-info.js';
import { removeFolder, run, SOUND_TDCALL, temporaryFolder } from './run-cli.test.helper.js';

const EXAMPLE = join(packageRoot(), 'examples/vitest-suite');
const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

function codeOf(path: string): number[] {
  const text = loadImage(path).segments.find(({ name }) => name === '.text');
  return [...(text?.bytes ?? [])];
}

test('the committed object holds the stub', () => {
  expect(codeOf(join(EXAMPLE, 'stub.o'))).toEqual(SOUND_TDCALL);
});

test('the source assembles to it', async ({ skip }) => {
  const object = join(folder, 'stub.o');
  const assembled = await run('as', ['-o', object, join(EXAMPLE, 'stub.S')]).catch((error: Error) => error);
  if (assembled instanceof Error) {
    console.warn(`example.test: SKIPPED, stub.S was not assembled: ${assembled.message}`);
    skip();
    return;
  }
  expect(assembled.status, assembled.stderr).toBe(0);
  expect(codeOf(object)).toEqual(codeOf(join(EXAMPLE, 'stub.o')));
});

test('its versions are those that this package is tested with', () => {
  const read = (path: string): { devDependencies: Record<string, string>; version?: string } =>
    JSON.parse(readFileSync(path, 'utf8')) as { devDependencies: Record<string, string>; version?: string };
  const own = read(join(packageRoot(), 'package.json'));
  const { tdxfuzz, ...others } = read(join(EXAMPLE, 'package.json')).devDependencies;
  expect(own.devDependencies).toMatchObject(others);
  expect(tdxfuzz).toBe(`^${own.version}`);
});

/** The package as its users get it: packed, installed into an empty folder, run from there with two workers. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { packageRoot } from '../package-info.js';
import { BROKEN_TDCALL, objectWith, put, removeFolder, run, temporaryFolder } from './run-cli.test.helper.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTCACHED|network/;

/** Every installed copy of a package below a folder. */
function copiesOf(name: string, modules: string): string[] {
  if (!existsSync(modules)) return [];
  const packages = readdirSync(modules).flatMap((entry) =>
    entry.startsWith('@') ? readdirSync(join(modules, entry)).map((scoped) => `${entry}/${scoped}`) : [entry],
  );
  return packages.flatMap((entry) => [
    ...(entry === name ? [join(modules, entry)] : []),
    ...copiesOf(name, join(modules, entry, 'node_modules')),
  ]);
}

test('npm pack, install, list, fuzz, replay', async ({ skip }) => {
  // The build is there already (npm test makes it); --ignore-scripts keeps prepare from building under a running test.
  const packed = await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder]);
  expect(packed.status, packed.stderr).toBe(0);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
  put(folder, 'package.json', '{ "name": "empty", "private": true }\n');
  const installed = await run(
    'npm',
    ['i', `./${tarball}`, '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'],
    {
      cwd: folder,
    },
  );
  if (installed.status !== 0 && UNREACHABLE.test(installed.stderr)) {
    console.warn(`pack.test: SKIPPED, the package was not tried: no registry: ${installed.stderr.split('\n')[0]}`);
    skip();
  }
  expect(installed.status, installed.stderr).toBe(0);

  const own = join(folder, 'node_modules/tdxfuzz');
  expect(JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'))).toMatchObject({
    version: (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version,
  });
  expect(readdirSync(join(own, 'dist/src/cli')).filter((name) => name.includes('.test.'))).toEqual([]);
  expect(copiesOf('fast-check', join(folder, 'node_modules'))).toHaveLength(1);

  const schemas = await run(
    'node',
    ['--input-type=module', '-e', "console.log(import.meta.resolve('tdxfuzz/schema/result-1.schema.json'))"],
    { cwd: folder },
  );
  expect(readFileSync(new URL(schemas.stdout.trim()), 'utf8')).toContain('urn:tdxfuzz:result:1');

  const npx = (...args: string[]): ReturnType<typeof run> =>
    run('npx', ['--no-install', 'tdxfuzz', ...args], { cwd: folder });
  const listed = await npx('list');
  expect(listed.stdout).toMatch(/guest-6\.7\/__tdcall +linux-6\.7\/__tdcall/);
  expect(listed.status).toBe(0);

  const fuzzed = await npx('fuzz', '--runs', '200', '--workers', '2');
  expect(fuzzed.stdout).toMatch(/nothing found in [\d,]+ cases on \d+ targets .*2 workers/);
  expect(fuzzed.status).toBe(0);

  put(folder, 'broken.o', objectWith('__tdcall', BROKEN_TDCALL));
  const found = await npx('fuzz', 'broken.o', '--runs', '500', '--workers', '2');
  expect(found.status).toBe(1);
  const path = /replay +tdxfuzz replay (\S+)/.exec(found.stdout)?.[1] ?? '';
  const replayed = await npx('replay', path);
  expect(replayed.stdout).toMatch(/\breproduced\n$/);
  expect(replayed.status).toBe(1);
}, 180_000);

/** The package as its users get it: packed, installed into an empty folder and into the example project, run from there. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../package-info.js';
import {
  BROKEN_TDCALL,
  objectWith,
  type Outcome,
  put,
  removeFolder,
  run,
  temporaryFolder,
} from './run-cli.test.helper.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTCACHED|network/;
const EXAMPLE = join(packageRoot(), 'examples/vitest-suite');
/** An installation of vitest and TypeScript takes its time. */
const LIMIT = 300_000;

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

let tarball = '';
beforeAll(async () => {
  // The build is there already (npm test makes it); --ignore-scripts keeps prepare from building under a running test.
  const packed = await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder]);
  expect(packed.status, packed.stderr).toBe(0);
  tarball = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '');
});

/** Installs the tarball, and what package.json asks for, in a folder. @returns false, with a notice, without a registry */
async function install(cwd: string): Promise<boolean> {
  const args = ['i', tarball, '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  const { status, stderr } = await run('npm', args, { cwd, limit: LIMIT });
  if (status !== 0 && UNREACHABLE.test(stderr)) {
    console.warn(`pack.test: SKIPPED, the package was not tried: no registry: ${stderr.split('\n')[0]}`);
    return false;
  }
  expect(status, stderr).toBe(0);
  return true;
}

const npx = (cwd: string, ...args: string[]): Promise<Outcome> => run('npx', ['--no-install', ...args], { cwd });

test(
  'npm pack, install, list, fuzz, replay',
  async ({ skip }) => {
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    put(empty, 'package.json', '{ "name": "empty", "private": true }\n');
    if (!(await install(empty))) skip();

    const own = join(empty, 'node_modules/tdxfuzz');
    expect(JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'))).toMatchObject({
      version: (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version,
    });
    const files = readdirSync(own, { recursive: true, encoding: 'utf8' });
    expect(
      files.filter((name) => /(^|\/)\./.test(name)),
      'hidden files',
    ).toEqual([]);
    expect(files.filter((name) => name.startsWith('dist/') && name.includes('.test.'))).toEqual([]);
    expect(files).toContain('dist/src/vitest.d.ts');
    expect(files).toContain('docs/README.md');
    const told = await npx(empty, 'tdxfuzz', 'explain', 'keeps-stack');
    const cited = [...told.stdout.matchAll(/^ .*?(\S+\.md)#/gm)].map(([, path]) => path);
    expect(cited.length).toBeGreaterThan(2);
    for (const path of cited) expect(existsSync(join(empty, path)), path).toBe(true);
    expect(copiesOf('fast-check', join(empty, 'node_modules'))).toHaveLength(1);
    expect(copiesOf('vitest', join(empty, 'node_modules')), 'an optional peer').toEqual([]);

    const resolve = "console.log(import.meta.resolve('tdxfuzz/schema/result-2.schema.json'))";
    const schemas = await run('node', ['--input-type=module', '-e', resolve], { cwd: empty });
    expect(readFileSync(new URL(schemas.stdout.trim()), 'utf8')).toContain('urn:tdxfuzz:result:2');

    const listed = await npx(empty, 'tdxfuzz', 'list');
    expect(listed.stdout).toMatch(/guest-6\.7\/__tdcall +linux-6\.7\/__tdcall/);
    expect(listed.status).toBe(0);

    const fuzzed = await npx(empty, 'tdxfuzz', 'fuzz', '--runs', '200', '--workers', '2');
    expect(fuzzed.stdout).toMatch(/nothing found in [\d,]+ cases on \d+ targets .*2 workers/);
    expect(fuzzed.status).toBe(0);

    put(empty, 'broken.o', objectWith('__tdcall', BROKEN_TDCALL));
    const found = await npx(empty, 'tdxfuzz', 'fuzz', 'broken.o', '--runs', '500', '--workers', '2');
    expect(found.status).toBe(1);
    const path = /replay +tdxfuzz replay (\S+)/.exec(found.stdout)?.[1] ?? '';
    const replayed = await npx(empty, 'tdxfuzz', 'replay', path);
    expect(replayed.stdout).toMatch(/\breproduced\n$/);
    expect(replayed.status).toBe(1);
  },
  LIMIT,
);

/** What vitest's JSON report says of a suite. */
interface Report {
  testResults: { assertionResults: { title: string; status: string; failureMessages: string[] }[] }[];
}

async function runSuite(
  cwd: string,
  ...files: string[]
): Promise<{ status: number | null; tests: Report['testResults'][0]['assertionResults'] }> {
  const { status, stdout, stderr } = await npx(cwd, 'vitest', 'run', '--reporter', 'json', ...files);
  expect(stdout, stderr).toMatch(/^\{/);
  return { status, tests: (JSON.parse(stdout) as Report).testResults.flatMap((file) => file.assertionResults) };
}

test(
  'the example: a suite with vitest that passes, fails where the stub is broken, and is type-checked',
  async ({ skip }) => {
    const suite = join(folder, 'suite');
    const isOurs = (path: string): boolean =>
      !/node_modules|tdxfuzz-out|package-lock\.json|\.tgz$/.test(path.slice(EXAMPLE.length));
    cpSync(EXAMPLE, suite, { recursive: true, filter: isOurs });
    expect(
      readdirSync(suite).filter((name) => name.startsWith('.')),
      'hidden files',
    ).toEqual([]);
    if (!(await install(suite))) skip();
    expect(copiesOf('fast-check', join(suite, 'node_modules'))).toHaveLength(1);

    const clean = await runSuite(suite);
    expect(clean.tests.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(clean.tests.filter(({ status }) => status === 'passed').length).toBeGreaterThan(10);
    const skipped = clean.tests.filter(({ status }) => status !== 'passed').map(({ title }) => title);
    expect(skipped).toContain('stops-on-failure: not applicable: the contract returns the status to the caller');
    for (const title of skipped) expect(title).toMatch(/: not applicable: .{20,}/);
    expect(clean.status).toBe(0);

    const typed = await npx(suite, 'tsc');
    expect(typed.stdout).toBe('');
    expect(typed.status).toBe(0);
    put(
      suite,
      'wrong.ts',
      "import { describeTdx } from 'tdxfuzz/vitest';\ndescribeTdx({ image: 'stub.o', contract: 67 });\n",
    );
    const mistyped = await npx(suite, 'tsc');
    expect(mistyped.stdout).toMatch(
      /^wrong\.ts\(2,\d+\): error TS2322: Type 'number' is not assignable to type 'string'/,
    );
    expect(mistyped.status).not.toBe(0);

    put(suite, 'stub.o', objectWith('guest_tdcall', BROKEN_TDCALL));
    const broken = await runSuite(suite);
    const failures = broken.tests.filter(({ status }) => status === 'failed');
    expect(failures.map(({ title }) => title.replace(/ \(with seed=.*/, ''))).toEqual([
      'marshals-arguments',
      'marshals-arguments',
    ]);
    const [message] = failures[0].failureMessages;
    expect(message).toMatch(/^TdxViolation: guest_tdcall \(linux-6\.7\/__tdcall\): marshals-arguments\n/);
    expect(message).toMatch(/^ {4}> +\d+ {2}guest_tdcall\+0xe +mov 0x10\(%rsi\),%r9 /m);
    expect(message).toMatch(/^ {2}again {5}\{ seed: 1, path: "/m);
    expect(broken.status).toBe(1);
    const path = /npx tdxfuzz replay (\S+)/.exec(message)?.[1] ?? '';
    const replayed = await npx(suite, 'tdxfuzz', 'replay', path);
    expect(replayed.stdout).toMatch(/\breproduced\n$/);
    expect(replayed.status).toBe(1);

    // One case each: in some TDCALL fails, and in the others nothing was to be seen of a property about that.
    put(
      suite,
      'once.test.ts',
      "import { describeTdx } from 'tdxfuzz/vitest';\n" +
        'for (let seed = 0; seed < 30; seed++)\n' +
        "  describeTdx('guest-5.19/__tdx_hypercall', { property: ['stops-on-failure'], numRuns: 1, seed });\n",
    );
    const once = await runSuite(suite, 'once.test.ts');
    const unevaluated = once.tests.filter(({ status }) => status === 'failed');
    expect(unevaluated.length).toBeGreaterThan(0);
    expect(unevaluated.length).toBeLessThan(once.tests.length);
    for (const { failureMessages } of unevaluated)
      expect(failureMessages[0]).toMatch(
        /^NoVerdictError: guest-5\.19\/__tdx_hypercall: stops-on-failure: not evaluated: /,
      );
    expect(once.status).toBe(1);
  },
  LIMIT,
);

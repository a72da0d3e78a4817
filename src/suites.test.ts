/** The two suites: every test file belongs to exactly one of them, by its name. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from './package-info.js';

const ROOT = packageRoot();

/** Files that tsc and git would take for tests, wherever they lie; the example's is a project of its own. */
const FILES = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !/^(\.|node_modules$|dist$|examples$|reports$)/.test(entry.name))
  .flatMap(({ name }) =>
    readdirSync(join(ROOT, name), { recursive: true, encoding: 'utf8' }).map((file) => join(name, file)),
  )
  .filter((file) => /[.](test|spec)[.]\w+$/.test(file))
  .sort();

/** What vitest itself says that a script of package.json would run. */
function filesOf(script: string): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const [, project] = /vitest run --project='(\S+)'$/.exec(scripts[script]) ?? [];
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'list', '--filesOnly', '--json', '--project', project];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  expect(stdout, stderr).toMatch(/^\[/);
  return (JSON.parse(stdout) as { file: string }[]).map(({ file }) => relative(ROOT, file)).sort();
}

describe('npm test and npm run test:deep', () => {
  const [quick, deep] = [filesOf('test'), filesOf('test:deep')];

  it('run every test file between them, each once', () => {
    expect(FILES.length).toBeGreaterThan(150);
    expect([...quick, ...deep].sort()).toEqual(FILES);
  });

  it('are told apart by the name of the file', () => {
    expect(deep).toEqual(FILES.filter((file) => file.endsWith('.deep.test.ts')));
    expect(deep.length).toBeGreaterThan(10);
    expect(quick).toEqual(FILES.filter((file) => !file.includes('.deep.')));
  });

  it('are what .ci/run runs, after lint', () => {
    const lines = readFileSync(join(ROOT, '.ci/run'), 'utf8').trimEnd().split('\n');
    expect(lines).toContain('set -euo pipefail');
    expect(lines.slice(-4)).toEqual(['npm ci', 'npm run lint', 'npm test', 'npm run test:deep']);
  });
});

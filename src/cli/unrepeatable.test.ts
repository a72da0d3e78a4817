/**
 * A finding is never flaky: what is reported was run again on the interpreter. A failure that does not repeat is an error of
 * the tool, status 3, and no finding. Planted here from the outside, by a module that is loaded before the command line.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../package-info.js';
import { objectWith, put, removeFolder, run, SOUND_TDCALL, temporaryFolder } from './run-cli.test.helper.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));
const sound = put(folder, 'sound.o', objectWith('__tdcall', SOUND_TDCALL));
const dist = (path: string): string => JSON.stringify(pathToFileURL(join(packageRoot(), 'dist/src', path)).href);

/** A runner that says of one sound case, the first time that it is run, that its first clause is violated. */
const FAILS_ONCE = `
import { CaseRunner } from ${dist('judge/case-runner.js')};
const judge = CaseRunner.prototype.run;
let runs = 0;
CaseRunner.prototype.run = function (scenario) {
  const violated = judge.call(this, scenario);
  if (++runs !== 40) return violated;
  this.judge.violated[0] = 0;
  return 1;
};
`;

/** The same, but it fails again and again until it is shrunk: only the run for the account does not repeat it. */
const FAILS_UNTIL_REPORTED = `
import { CaseRunner } from ${dist('judge/case-runner.js')};
const judge = CaseRunner.prototype.run;
CaseRunner.prototype.run = function (scenario) {
  const violated = judge.call(this, scenario);
  const caller = new Error().stack.split('\\n')[2];
  if (violated !== 0 || caller.includes('accountFor')) return violated;
  this.judge.violated[0] = 0;
  return 1;
};
`;

const fuzz = (planted: string, name: string): ReturnType<typeof run> => {
  const module = pathToFileURL(put(folder, `${name}.mjs`, planted)).href;
  const main = join(packageRoot(), 'dist/src/cli/main.js');
  const args = ['fuzz', sound, '--runs', '300', '--seed', 's', '--workers', '1', '--out', join(folder, name)];
  return run(process.execPath, ['--import', module, main, ...args]);
};

describe('a failure that does not repeat', () => {
  test.each([
    ['when it is shrunk', 'once', FAILS_ONCE, /a failure of \S+\t.* did not fail again/],
    ['when it is accounted for', 'reported', FAILS_UNTIL_REPORTED, /a finding did not repeat: \S+\t/],
  ])('%s is an error of the tool and no finding', async (_, name, planted, wanted) => {
    const { status, stdout, stderr } = await fuzz(planted, name);
    expect(stderr).toMatch(/^tdxfuzz: internal error, please report it: Error: /);
    expect(stderr).toMatch(wanted);
    expect(status).toBe(3);
    expect(stdout).not.toMatch(/finding/);
    expect(existsSync(join(folder, name, 'findings'))).toBe(false);
    expect(existsSync(join(folder, name, 'result.json'))).toBe(false);
  });

  test('was planted: the same command without it finds nothing', async () => {
    const { status, stdout } = await fuzz('', 'nothing');
    expect(stdout).toMatch(/^nothing found in 300 cases/m);
    expect(status).toBe(0);
  });
});

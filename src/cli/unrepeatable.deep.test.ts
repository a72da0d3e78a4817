/**
 * A finding is never flaky: what is reported was run again from its case alone. A failure that does not repeat is a defect of
 * the tool: it is told as that, with its case, costs status 3, and every other finding is reported as if it were not there.
 * Planted here from the outside, by a module that is loaded before the command line.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { causesOfTarget, type FindingResult, type RunResult } from '../campaign/records/result.js';
import { packageRoot } from '../package-info.js';
import {
  BROKEN_TDCALL,
  objectWith,
  put,
  removeFolder,
  run,
  SOUND_TDCALL,
  temporaryFolder,
} from './run-cli.test.helper.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));
const sound = put(folder, 'sound.o', objectWith('__tdcall', SOUND_TDCALL));
const broken = put(folder, 'broken.o', objectWith('__tdcall', BROKEN_TDCALL));
const PROGRAMS = ['corpus/targets/dispatcher-7.3.o', 'corpus/bugs/dispatcher-port-truncated.o'];
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

/** The same, but it fails again and again until it is shrunk: only the runs for accounts do not repeat it. */
const FAILS_UNTIL_REPORTED = `
import { CaseRunner } from ${dist('judge/case-runner.js')};
const judge = CaseRunner.prototype.run;
CaseRunner.prototype.run = function (scenario) {
  const violated = judge.call(this, scenario);
  // This is called by the runner that the account asks.
  const callers = new Error().stack.split('\\n').slice(2, 4).join();
  if (violated !== 0 || callers.includes('accountsOf')) return violated;
  this.judge.violated[0] = 0;
  return 1;
};
`;

/** A play of a sound program of which it is once said that its first clause is violated. */
const STORY_FAILS_ONCE = `
import { PlayRunner } from ${dist('play/play-runner.js')};
const judge = PlayRunner.prototype.run;
let runs = 0;
PlayRunner.prototype.run = function (story) {
  const violations = judge.call(this, story);
  if (++runs !== 40) return violations;
  return [{ clause: this.judge.clauses[0], entry: this.play.entries[0] }];
};
`;

/** No case can be made of any run. */
const NO_CASE = `
import { Touched } from ${dist('stored/touched.js')};
Touched.prototype.addSteps = () => {
  throw new RangeError('planted');
};
`;

const fuzz = (planted: string, name: string, images: readonly string[] = [sound]): ReturnType<typeof run> => {
  const module = pathToFileURL(put(folder, `${name}.mjs`, planted)).href;
  // The plain modules: in the bundle nothing can be planted.
  const main = join(packageRoot(), 'dist/src/cli/main.js');
  const contract =
    images === PROGRAMS ? ['--contract', 'kvm-7.3', '--target', '*one-exit'] : ['--contract', 'linux-6.7'];
  const args = ['fuzz', ...images, ...contract, '--runs', '300', '--seed', 's', '--workers', '1'];
  args.push('--out', join(folder, name));
  return run(process.execPath, ['--import', module, main, ...args]);
};

/** The findings of a result, in its order. */
function findingsIn(name: string): FindingResult[] {
  const { result } = JSON.parse(readFileSync(join(folder, name, 'result.json'), 'utf8')) as RunResult;
  return result.targets.flatMap(({ findings }) => findings);
}

function causesIn(name: string): number {
  const { result } = JSON.parse(readFileSync(join(folder, name, 'result.json'), 'utf8')) as RunResult;
  return result.targets.flatMap(causesOfTarget).length;
}

describe('a failure that does not repeat', () => {
  test.each([
    ['when it is shrunk', 'once', FAILS_ONCE, [sound, broken], /a failure of \S+ .* did not fail again/],
    ['of a program', 'story', STORY_FAILS_ONCE, PROGRAMS, /a failure of \S+ .* did not fail again/],
    ['when it is accounted for', 'reported', FAILS_UNTIL_REPORTED, [sound, broken], /a finding did not repeat: \S+ /],
    ['since no case can be made of it', 'nocase', NO_CASE, [broken], /RangeError: planted/],
  ])('%s is told as that, with status 3, and takes no other with it', async (_, name, planted, images, wanted) => {
    const { status, stdout, stderr } = await fuzz(planted, name, images);
    expect(stderr).not.toMatch(/internal error/);
    expect(status).toBe(3);
    const found = findingsIn(name);
    const unrepeated = found.filter((finding) => finding.unrepeated !== undefined);
    expect(unrepeated.length).toBeGreaterThan(0);
    for (const finding of unrepeated) {
      expect(finding.unrepeated).toMatch(/^seen, not repeatable: please report \(/);
      expect(finding.unrepeated).toMatch(wanted);
    }
    expect(stdout).toContain('seen, not repeatable: please report');
    // What is sound repeats as always, and every cause has its folder with its case.
    if (images.length > 1) expect(found.length).toBeGreaterThan(unrepeated.length);
    const folders = readdirSync(join(folder, name, 'findings'));
    expect(folders).toHaveLength(causesIn(name));
    for (const one of folders) expect(readdirSync(join(folder, name, 'findings', one))).toContain('case.json');
  });

  test('was planted: the same command without it finds what is broken alone', async () => {
    const { status } = await fuzz('', 'nothing', [sound, broken]);
    expect(findingsIn('nothing').map(({ place, unrepeated }) => [place, unrepeated])).toEqual([
      ['__tdcall+0xe', undefined],
    ]);
    expect(status).toBe(1);
  });
});

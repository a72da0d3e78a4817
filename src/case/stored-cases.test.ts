/**
 * The cases of corpus/cases: those that an earlier version stored are replayed exactly by this one (the promise of schema
 * tdxfuzz/case/1), each is found in its twin, and stays silent on the twin's clean neighbour.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { builtInTargets } from '../campaign/targets/built-in-targets.js';
import { speaksOf } from '../campaign/records/replays.js';
import { createSubject } from '../campaign/blocks/subject.js';
import { createPlayRunner, createRunner } from '../run/open-runner.js';
import { isProgram } from '../run/target.js';
import { targetOf } from '../case/target-of-case.js';
import { brokenTarget, fixedTarget, imageCache } from '../campaign/targets/twin-targets.js';
import { removeFolder, temporaryFolder } from '../cli/run-cli.test.helper.js';
import { packageRoot } from '../package-info.js';
import { readManifest } from '../targets/manifest.js';
import { accountFor } from '../triage/account.js';
import { accountForStory } from '../triage/play-account.js';
import { type Signature, signatureKey } from '../triage/signature.js';
import type { CaseFile } from './case-schema.js';
import { caseImage } from './case-image.js';
import { playDigest, storyOf } from './play-case.js';
import { scenarioOf } from './scenario-of.js';
import { casesOf } from './stored-cases.js';
import { traceDigest } from './trace-digest.js';

const folder = join(packageRoot(), 'corpus/cases');
const stored = casesOf(folder);
const twins = readManifest(packageRoot());
const images = imageCache(packageRoot());
const builtIn = builtInTargets();

/** Replays a case from its file alone. @returns the clause and the trace digest of the finding that it expects */
function replayed(name: string, file: CaseFile): { clause: string; trace: string } | undefined {
  const { expect: wanted } = file;
  if (wanted === null) throw new Error(`${name} expects nothing`);
  const same = ({ signature }: { signature: Signature }): boolean => signatureKey(signature) === signatureKey(wanted);
  const target = targetOf(file, caseImage(file, name), file.symbol);
  if (isProgram(target)) {
    const runner = createPlayRunner(target);
    const found = accountForStory(runner, storyOf(file, runner.space)).find(same);
    return found && { clause: found.signature.clause, trace: playDigest(runner.play) };
  }
  const runner = createRunner(target, file.code.size);
  const found = accountFor(runner, scenarioOf(file, runner.space.neutral)).find(same);
  return found && { clause: found.signature.clause, trace: traceDigest(found.traces.base) };
}

describe('the package', () => {
  test('carries cases of stubs and of programs, small ones, of at least ten properties', () => {
    const programs = stored.filter(({ file }) => file.story !== undefined);
    expect(programs.length).toBeGreaterThan(10);
    expect(stored.length - programs.length).toBeGreaterThan(20);
    expect(new Set(stored.map(({ file }) => file.expect?.property)).size).toBeGreaterThan(10);
    const sizes = stored.map(({ name }) => statSync(join(folder, name)).size);
    expect(Math.max(...sizes)).toBeLessThan(32 * 1024);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(1024 * 1024);
  });

  test('says of each what it caught', () => {
    const listed = readFileSync(join(folder, 'README.md'), 'utf8').match(/(?<=^\| `)[^`]+/gm);
    expect(listed).toEqual(
      readdirSync(folder)
        .filter((name) => name.endsWith('.json'))
        .sort(),
    );
  });
});

describe('a folder', () => {
  test('that is not there holds no cases', () => expect(casesOf(join(packageRoot(), 'no such folder'))).toEqual([]));

  test('that is a file is said to be none', () => {
    const own = temporaryFolder();
    writeFileSync(join(own, 'cases'), '');
    expect(() => casesOf(join(own, 'cases'))).toThrow(/cases: no folder of cases \(ENOTDIR\)/);
    removeFolder(own);
  });
});

describe.each(stored.map(({ name, file }) => [name, file] as const))('%s', (name, file) => {
  const twin = twins.find(({ id }) => `${id}.json` === name);

  test('is reproduced from the file alone, its trace identical', () => {
    expect(replayed(name, file)).toEqual({ clause: file.expect?.clause, trace: file.expect?.trace });
  });

  test('is found in its twin as it says, for what the manifest says, and silent on the clean neighbour', () => {
    if (twin === undefined || file.expect === null)
      throw new Error(`no twin is called as ${name}, or it expects nothing`);
    expect(file.expect).toMatchObject({ property: twin.property, slot: twin.slot });
    const broken = createSubject(brokenTarget(twin, images));
    const found = broken.judge(broken.valuesOf(file)) ?? [];
    expect(found.map(signatureKey)).toContain(signatureKey(file.expect));
    const clean = createSubject(fixedTarget(twin, 'clean', images));
    expect(clean.judge(clean.valuesOf(file))).toEqual([]);
  });

  test('is replayed on a built-in target', () => {
    expect(builtIn.filter((target) => speaksOf(file, target)).length).toBeGreaterThan(0);
  });
});

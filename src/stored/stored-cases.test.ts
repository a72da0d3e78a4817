/**
 * The cases of corpus/cases: those that an earlier version stored are replayed exactly by this one (the promise of schema
 * tdxfuzz/case/1), each is found in its twin, and stays silent on the twin's clean neighbour.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { speaksOf } from '../campaign/records/replays.js';
import { builtInTargets } from '../campaign/targets/built-in-targets.js';
import { brokenTarget, fixedTarget, imageCache } from '../campaign/targets/twin-targets.js';
import { removeFolder, temporaryFolder } from '../cli/run-cli.test.helper.js';
import { packageRoot } from '../package-info.js';
import { openRunner } from '../run/open-runner.js';
import { readManifest } from '../targets/manifest.js';
import { accountsOf } from '../finding/account.js';
import { signaturesOf } from '../finding/made-runner.test.helper.js';
import { type Signature, signatureKey } from '../finding/signature.js';
import { validateCase } from './case-file.js';
import { type CaseFile, isProgramContract } from './case-schema.js';
import { openCase } from './open-case.js';
import { casesOf } from './stored-cases.js';
import { storedValues, valuesOf } from './stored-values.js';

const folder = join(packageRoot(), 'corpus/cases');
const stored = casesOf(folder);
const twins = readManifest(packageRoot());
const images = imageCache(packageRoot());
const builtIn = builtInTargets();

/** What a case is blamed on today, where the version that stored it blamed another instruction for the same run. */
const BLAMED_SINCE: Readonly<Record<string, string>> = {
  // Code that goes on where it had to stop: the decision behind TDCALL, and no longer the RET.
  'failure-by-low-half-5.19.json': 'failure_by_low_half+0x35',
  'failure-returns-5.19.json': 'failure_returns+0x36',
  // The STI itself, and no longer the TDCALL at which it was seen.
  'helper-5.19-sti-by-caller.json': 'tdx_safe_halt+0x1a',
};

/** The signature that a case has today. */
function expected(name: string, { expect: wanted }: CaseFile): Signature {
  if (wanted === null) throw new Error(`${name} expects nothing`);
  return { ...wanted, place: BLAMED_SINCE[name] ?? wanted.place };
}

/** Replays a case from its file alone. @returns the clause and the trace digest of the finding that it expects */
function replayed(name: string, file: CaseFile): { clause: string; trace: string } | undefined {
  const wanted = expected(name, file);
  const { runner, values } = openCase(file, name);
  const accounts = accountsOf(runner, values);
  const found = accounts.find(({ signature }) => signatureKey(signature) === signatureKey(wanted));
  return found && { clause: found.signature.clause, trace: runner.digest() };
}

test('only cases that are there are blamed on something else since, and on something else', () => {
  for (const [name, place] of Object.entries(BLAMED_SINCE)) {
    const file = stored.find((one) => one.name === name)?.file;
    expect(file?.expect?.place, name).toMatch(/\+0x/);
    expect(file?.expect?.place, name).not.toBe(place);
  }
});

describe('the package', () => {
  test('carries cases of stubs and of programs, small ones, of at least ten properties', () => {
    const programs = stored.filter(({ file }) => isProgramContract(file.contract.body));
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

  test('is the same case when this version writes it', () => {
    const { values, runner } = openCase(file, name);
    const { space } = runner;
    const written: CaseFile = { ...file, ...storedValues(values, space) };
    const read = validateCase(JSON.parse(JSON.stringify(written)), name);
    expect(read).toEqual(written);
    expect(valuesOf(read, space)).toEqual(values);
    expect(replayed(name, read)).toEqual({ clause: file.expect?.clause, trace: file.expect?.trace });
  });

  test('is found in its twin as it says, for what the manifest says, and silent on the clean neighbour', () => {
    if (twin === undefined || file.expect === null)
      throw new Error(`no twin is called as ${name}, or it expects nothing`);
    expect(file.expect).toMatchObject({ property: twin.property, slot: twin.slot });
    const broken = openRunner(brokenTarget(twin, images));
    const found = signaturesOf(broken, valuesOf(file, broken.space));
    expect(found.map(signatureKey)).toContain(signatureKey(expected(name, file)));
    const clean = openRunner(fixedTarget(twin, 'clean', images));
    expect(clean.run(valuesOf(file, clean.space))).toEqual([]);
  });

  test('is replayed on a built-in target', () => {
    expect(builtIn.filter((target) => speaksOf({ name, file }, target)).length).toBeGreaterThan(0);
  });
});

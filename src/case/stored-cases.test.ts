/** Cases that an earlier version stored are replayed exactly by this one: the promise of schema tdxfuzz/case/1. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createRunner, type Target, targetOf } from '../campaign/target.js';
import { packageRoot } from '../package-info.js';
import { accountFor } from '../triage/account.js';
import { signatureKey } from '../triage/violation.js';
import { caseImage } from './case-image.js';
import { scenarioOf } from './scenario-of.js';
import { casesOf } from './stored-cases.js';
import { traceDigest } from './trace-digest.js';

const stored = casesOf(join(packageRoot(), 'corpus/cases'));

test('the package carries stored cases', () => {
  expect(stored.length).toBeGreaterThan(10);
});

test('a folder that is not there holds none', () => {
  expect(casesOf(join(packageRoot(), 'no such folder'))).toEqual([]);
});

test.each(stored.map(({ name, file }) => [name, file] as const))(
  '%s is reproduced, its trace identical',
  (name, file) => {
    const target = targetOf(file, caseImage(file, name), file.symbol) as Target;
    const runner = createRunner(target, file.code.size);
    const accounts = accountFor(runner, scenarioOf(file, runner.space.neutral));
    const { expect: wanted } = file;
    if (wanted === null) throw new Error(`${name} expects nothing`);
    const found = accounts.find(({ signature }) => signatureKey(signature) === signatureKey(wanted));
    expect(found?.signature.clause).toBe(wanted.clause);
    expect(found === undefined ? '' : traceDigest(found.traces.base)).toBe(wanted.trace);
  },
);

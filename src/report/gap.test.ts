/** What was not done stands in every format, at its head, and no format lets it pass. */
import { expect, test } from 'vitest';
import { exitStatus, gapOf, type RunResult } from '../campaign/records/result.js';
import { madeFinding, madeResult, madeTarget } from '../expect/made-result.test.helper.js';
import { FORMATS } from './formats.js';
import { pageData } from './html/view.js';
import { CONTEXT } from './sample-runs.test.helper.js';
import { summary, targetTable } from './terminal.js';

const sound = madeTarget('a/f', []);
const broken = madeTarget('a/f', [madeFinding()]);
const open = madeTarget('a/f', [], { properties: [{ property: 'keeps-stack', status: 'not evaluated', cases: 0 }] });
const unknown = madeTarget('a/f', [], { problem: 'unknown instruction' });
const missing = { shards: [3, 7], of: 8 };
const WHICH = 'incomplete: shards 3, 7 of 8 missing';

test.each<[string, RunResult, string | undefined, number]>([
  ['all done', madeResult([sound]), undefined, 0],
  ['a shard missing', madeResult([sound], { missing: { shards: [2], of: 8 } }), 'incomplete: shard 2 of 8 missing', 3],
  ['with findings', madeResult([broken], { missing }), WHICH, 1],
  ['with what was not evaluated', madeResult([open], { missing }), WHICH, 3],
  ['with findings, and what was not evaluated', madeResult([broken, open], { missing }), WHICH, 1],
  ['with an unknown instruction', madeResult([unknown], { missing }), WHICH, 3],
  ['with that and findings', madeResult([broken, unknown], { missing }), WHICH, 2],
  ['interrupted', madeResult([sound], { interrupted: true }), 'interrupted', 130],
  ['both', madeResult([sound], { interrupted: true, missing }), `interrupted, ${WHICH}`, 3],
])('%s: the words and the exit status', (_, run, words, status) => {
  expect([gapOf(run), exitStatus(run)]).toEqual([words, status]);
});

test('of many shards some are named', () => {
  const shards = Array.from({ length: 5000 }, (_, index) => index);
  const words = gapOf(madeResult([sound], { missing: { shards, of: 9000 } }));
  expect(words).toBe('incomplete: shards 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 4988 more of 9000 missing');
});

test.each([
  ['a merge without all shards', { missing }, WHICH],
  ['an interrupted run', { interrupted: true }, 'interrupted'],
])('%s in every format', (_, run, words) => {
  const result = madeResult([sound], run);
  expect(summary(result)).toContain(`${words}, nothing found`);
  expect(FORMATS.markdown(result, CONTEXT)).toMatch(new RegExp(`^## tdxfuzz: ${words}, nothing found\n`));
  const junit = FORMATS.junit(result, CONTEXT);
  expect(junit).toMatch(/^<testsuites [^>]*errors="1"/m);
  expect(junit.slice(0, junit.indexOf('a/f'))).toContain(`not complete: ${words}`);
  const sarif = JSON.parse(FORMATS.sarif(result, CONTEXT)) as { runs: { invocations: unknown[] }[] };
  expect(sarif.runs[0].invocations[0]).toMatchObject({
    executionSuccessful: false,
    exitCode: exitStatus(result),
    toolExecutionNotifications: [{ level: 'error', message: { text: words } }],
  });
  expect(JSON.parse(FORMATS.json(result, CONTEXT))).toMatchObject({ run });
  const { verdict } = pageData({ result, listings: { schema: 'tdxfuzz/listings/1', images: [] } });
  expect(verdict.kind).toBe('undecided');
  expect(verdict.text.toLowerCase()).toBe(`${words}, nothing found`);
});

test('a property that was in force in no case is no pass', () => {
  const silent = { property: 'issues-sti', status: 'not evaluated' as const, cases: 0 };
  const result = madeResult([{ ...sound, properties: [...sound.properties, silent] }]);
  expect(summary(result)).toContain('1 of 1 targets with a property that was in force in no case, nothing found');
  expect(targetTable(result.result.targets[0], false)).toContain(
    'in force in no case: issues-sti; nothing is known of it',
  );
  expect(exitStatus(result)).toBe(0);
});

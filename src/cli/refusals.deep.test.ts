/**
 * Some four hundred bad inputs over every command: each is one line on stderr that says what and where, nothing on stdout, exit
 * status 2, no stack trace, no wait for what never ends, and nothing is written anywhere. What single commands refuse in
 * particular stands beside them (bad-input, gate-bad-input, empty-selection).
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { putBadFiles, ROWS } from './refusals.test.helper.js';
import { removeFolder, tdxfuzz, temporaryFolder } from './run-cli.test.helper.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));
putBadFiles(folder);

/** Everything below the folder, with what would change by writing. */
const state = (): string[] =>
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name !== 'loop')
    .map((name) => `${name} ${statSync(join(folder, name)).size} ${statSync(join(folder, name)).mtimeMs}`)
    .sort();
let before: string[] = [];
beforeAll(() => void (before = state()));

describe.concurrent('is refused', () => {
  for (const [title, rows] of Object.entries(ROWS))
    test.each(
      rows.map(
        ([args, wanted]) => [args.map((word) => JSON.stringify(word.slice(0, 50))).join(' '), args, wanted] as const,
      ),
    )(`${title}: %s`, async (_, args, wanted) => {
      const { status, stdout, stderr } = await tdxfuzz(args, { cwd: folder });
      expect(stderr).not.toMatch(/\n {4}at |internal error|\[object/);
      // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
      expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
      expect(stderr).toMatch(/^tdxfuzz: /);
      expect(stderr).toMatch(wanted);
      // An audit of several files goes on with the others, and says what it came to.
      const report = title === 'images' && args[0] === 'audit' ? 'audit: nothing could be judged\n' : '';
      expect({ stdout, status }).toEqual({ stdout: report, status: 2 });
    });
});

test('nothing was written, and the rows are many', () => {
  expect(state()).toEqual(before);
  expect(Object.values(ROWS).flat().length).toBeGreaterThan(150);
});

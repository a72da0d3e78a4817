/** Shards without a common seed can never be merged: that is said before anything runs. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseOnly } from './ci-manifests.test.helper.js';
import { removeFolder, tdxfuzz, temporaryFolder } from './run-cli.test.helper.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

test.each([
  ['fuzz', '--out'],
  ['nightly', '--state'],
])('%s --shard needs --seed', async (command, option) => {
  const args = [command, option, join(folder, 'x'), '--shard', '3/8'];
  expect(await tdxfuzz(args)).toEqual({
    status: 2,
    stdout: '',
    stderr: 'tdxfuzz: --shard 3/8: needs --seed TEXT, the same for all 8 shards, or their results cannot be merged\n',
  });
  expect(existsSync(join(folder, 'x'))).toBe(false);
  await parseOnly([...args, '--seed', 'one']);
  // The only shard is the whole.
  await parseOnly([command, option, 'x', '--shard', '0/1']);
});

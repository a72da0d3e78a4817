/** A gate that was interrupted has passed nothing. */
import { afterAll, expect, test } from 'vitest';
import {
  objectWith,
  put,
  removeFolder,
  SOUND_TDCALL,
  tdxfuzzInterrupted,
  temporaryFolder,
} from './run-cli.test.helper.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

test('it ends with 130, and says that there is no verdict', async () => {
  const object = put(folder, 'my.o', objectWith('__tdcall', SOUND_TDCALL));
  const args = ['gate', object, '--contract', 'linux-6.7', '--runs', '1000000000', '--workers', '1'];
  const { status, stdout } = await tdxfuzzInterrupted(args);
  expect(stdout).toMatch(/^interrupted, no verdict, nothing found: \d/m);
  expect(stdout).not.toContain('passed');
  expect(status).toBe(130);
});

/** A gate that was interrupted has passed nothing. */
import { afterAll, expect, test } from 'vitest';
import {
  objectWith,
  type Outcome,
  put,
  removeFolder,
  SOUND_TDCALL,
  tdxfuzz,
  temporaryFolder,
} from './run-cli.test.helper.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

/** A signal that comes before the tool listens ends it as any program: then it is given more time. */
async function interrupted(args: readonly string[]): Promise<Outcome> {
  for (const interruptAfter of [2500, 8000]) {
    const outcome = await tdxfuzz(args, { interruptAfter });
    if (outcome.status !== null) return outcome;
  }
  return tdxfuzz(args, { interruptAfter: 20_000 });
}

test('it ends with 130, and says that there is no verdict', async () => {
  const object = put(folder, 'my.o', objectWith('__tdcall', SOUND_TDCALL));
  const args = ['gate', object, '--contract', 'linux-6.7', '--runs', '1000000000', '--workers', '1'];
  const { status, stdout } = await interrupted(args);
  expect(stdout).toMatch(/^interrupted, no verdict, nothing found: \d/m);
  expect(stdout).not.toContain('passed');
  expect(status).toBe(130);
});

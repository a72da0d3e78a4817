/** The self-check: what the module recorded matches, and a record that was changed does not. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../package-info.js';
import { put, removeFolder, tdxfuzz, temporaryFolder } from './run-cli.test.helper.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

const records = gunzipSync(readFileSync(join(packageRoot(), 'corpus/vectors/module-1.5.01-tdcall.jsonl.gz')))
  .toString('utf8')
  .trimEnd()
  .split('\n');

/** The fields by which a SEAMCALL vector is known; nothing else of it is looked at. */
const SEAMCALL = { id: 0, sys_state: 3, host_in: { rax: '0x0000000000000000' }, outcome: 'seamret_to_vmm' };

interface Recorded {
  outcome: string;
  guest_out: Record<string, string>;
}

describe.concurrent('doctor', () => {
  test('everything of its own matches', async () => {
    const { status, stdout, stderr } = await tdxfuzz(['doctor']);
    expect(stderr).toBe('');
    for (const kind of ['vmcall', 'tdcall']) {
      const [, matched, total] =
        new RegExp(`${kind}: matched (\\d+)/(\\d+) vectors, [1-9]\\d* fields compared`).exec(stdout) ?? [];
      expect(Number(total)).toBeGreaterThan(50);
      expect(matched).toBe(total);
    }
    expect(status).toBe(0);
  });

  test('one changed bit of one register is named: line, field, both values', async () => {
    const index = records.findIndex((line) => (JSON.parse(line) as Recorded).guest_out?.['r15'] !== undefined);
    const changed = JSON.parse(records[index]) as Recorded;
    const was = changed.guest_out['r15'];
    changed.guest_out['r15'] = `0x${(BigInt(was) ^ 1n).toString(16).padStart(16, '0')}`;
    const lines = [...records.slice(0, index), JSON.stringify(changed), ...records.slice(index + 1)];
    const { status, stdout } = await tdxfuzz(['doctor', '--vectors', put(folder, 'changed.jsonl', lines.join('\n'))]);
    expect(stdout).toContain(`matched ${records.length - 1}/${records.length} vectors`);
    expect(stdout).toContain(
      `first mismatch: line ${index + 1}, guest_out.r15: expected ${changed.guest_out['r15']}, the model says ${was}`,
    );
    expect(status).toBe(1);
  });

  test('what no model can judge, and what is no vector file, is one line', async () => {
    const seamcall = put(folder, 'seamcall.jsonl', `${JSON.stringify(SEAMCALL)}\n`);
    for (const [path, wanted] of [
      [seamcall, /seamcall\.jsonl: seamcall vectors: there is no model for them in this version/],
      [put(folder, 'text.jsonl', 'no vectors\n'), /text\.jsonl:1: not JSON/],
      [join(folder, 'missing.jsonl'), /missing\.jsonl: cannot be read/],
    ] as const) {
      const { status, stdout, stderr } = await tdxfuzz(['doctor', '--vectors', path]);
      expect(stderr).toMatch(wanted);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
      expect(stdout).toBe('');
      expect(status).toBe(2);
    }
  });
});

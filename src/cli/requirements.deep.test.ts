/** `list clauses` and `explain` of a clause of the ABI, from the outside. */
import { describe, expect, test } from 'vitest';
import { tdxfuzz } from './run-cli.test.helper.js';

interface Listed {
  schema: string;
  clauses: { id: string; checkedBy: string[]; targets: string[]; cases: number; evidence: string[]; gap: string }[];
  judged: { property: string; target: string; clause: string }[];
}

describe('tdxfuzz list clauses', () => {
  test('as JSON: each clause of the ABI, and every judged clause', async () => {
    const { status, stdout, stderr } = await tdxfuzz(['list', 'clauses', '--format', 'json']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const { schema, clauses, judged } = JSON.parse(stdout) as Listed;
    expect(schema).toBe('tdxfuzz/list/1');
    expect(judged.length).toBeGreaterThan(4000);
    const row = clauses.find(({ id }) => id === 'tdvmcall.scrubs-rsi');
    expect(row).toMatchObject({ checkedBy: ['scrubs-host-values'] });
    expect(row?.targets).toContain('guest-6.4/__tdx_hypercall');
    expect(row?.cases).toBeGreaterThan(500);
    expect(row?.evidence.join()).toMatch(/^twin .*at least \d+ mutants$/);
    const unchecked = clauses.filter(({ checkedBy }) => checkedBy.length === 0);
    expect(unchecked.map(({ id }) => id)).toContain('calling.straight-line-speculation');
    for (const { id, targets, cases, evidence, gap } of unchecked) {
      expect({ targets, cases, evidence }, id).toEqual({ targets: [], cases: 0, evidence: [] });
      expect(gap, id).not.toBe('');
    }
  });

  test('as a table: what nobody checks is red', async () => {
    const { status, stdout } = await tdxfuzz(['list', 'clauses'], { env: { FORCE_COLOR: '1' } });
    expect(status).toBe(0);
    const red = '\u001b[31mUNCHECKED\u001b[39m';
    expect(stdout.split('\n').filter((line) => line.includes(red) && line.includes('calling.endbr64'))).toHaveLength(2);
    expect(stdout).toMatch(/\d+ of \d+ clauses are checked, \d+ are UNCHECKED/);
  });
});

describe('tdxfuzz explain', () => {
  test('a clause: its check, where it was in force, and what proves it', async () => {
    const { status, stdout, stderr } = await tdxfuzz(['explain', 'dispatch.map-gpa-eagain']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(
      'source    docs/abi/linux-fixes.md#3e2dec1ede0a\n            docs/abi/kvm-dispatcher.md#mapgpa\n',
    );
    expect(stdout).toContain('completes-userspace-exit: return to guest.r10 return to guest.r11, with step.ret = 0xb');
    expect(stdout).toMatch(/in force {2}dispatcher-7\.3\/one-exit, \d+ cases/);
    expect(stdout).toContain('proved    dispatcher-eagain-is-invalid');
  });

  test('a clause that nobody checks', async () => {
    const { status, stdout } = await tdxfuzz(['explain', 'setup.int80']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^setup\.int80 {2}UNCHECKED\n/);
    expect(stdout).toContain('gap       injected vectors');
  });

  test('a name that is none is one clear line with the nearest ones', async () => {
    const { status, stdout, stderr } = await tdxfuzz(['explain', 'io.in-hides-ax']);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^tdxfuzz: no clause io\.in-hides-ax; nearest: io\.in-hides-rax.*\n$/);
  });
});

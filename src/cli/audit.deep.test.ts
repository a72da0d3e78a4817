/** `tdxfuzz audit` as a user has it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { AUDIT_LIMIT } from '../report/audit-text.js';
import { tdxfuzz } from './run-cli.test.helper.js';

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-audit-'));
afterAll(() => rmSync(folder, { recursive: true }));

const STUBS = 'corpus/targets/guest-rfc-2021.o';
const TWINS = 'corpus/bugs/guest-6.3.o';

describe('tdxfuzz audit', () => {
  test('a sound object: exit 0, and never as if that were all', async () => {
    const { status, stdout, stderr } = await tdxfuzz(['audit', STUBS]);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('no finding in 2 of 2 functions');
    expect(stdout.trimEnd().split('\n').at(-1)).toContain(AUDIT_LIMIT);
  }, 60_000);

  test('findings: exit 1, with the instruction and what is expected; the same again as JSON', async () => {
    const { status, stdout } = await tdxfuzz(['audit', TWINS]);
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /FINDING legal-mask: mask_with_rbp: .*NO_RBP_MOD.*\n {4}at mask_with_rbp\+0x\w+: tdcall\n {4}expected: /,
    );
    const again = await tdxfuzz(['audit', '--format', 'json', TWINS]);
    expect(again.status).toBe(1);
    const document = JSON.parse(again.stdout) as {
      schema: string;
      images: { functions: { symbol: string; findings: object[] }[] }[];
    };
    expect(document.schema).toBe('tdxfuzz/audit/1');
    const found = document.images[0].functions.find(({ symbol }) => symbol === 'mask_with_rbp')?.findings[0];
    expect(found).toMatchObject({ rule: 'legal-mask', subject: 'RCX', instruction: 'tdcall' });
  }, 120_000);

  test('nothing to judge: exit 2', async () => {
    const { status, stdout } = await tdxfuzz(['audit', 'corpus/targets/dispatcher-7.3.o']);
    expect(status).toBe(2);
    expect(stdout).toContain('nothing could be judged');
  }, 60_000);

  test('a file that is none: one line, exit 2, and the others are judged all the same', async () => {
    const path = join(folder, 'none.o');
    writeFileSync(path, 'text');
    const { status, stdout, stderr } = await tdxfuzz(['audit', path, STUBS]);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^tdxfuzz: .*none\.o: not an ELF, COFF or PE file; .*\n$/);
    expect(stdout).toContain('no finding in 2 of 2 functions');
  }, 60_000);

  test('a convention that does not exist', async () => {
    expect((await tdxfuzz(['audit', '--convention', 'cdecl', STUBS])).status).toBe(2);
  }, 60_000);
});

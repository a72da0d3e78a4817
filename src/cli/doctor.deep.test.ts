/** The self-check: what the module recorded matches, and a record that was changed does not. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../package-info.js';
import { put, removeFolder, tdxfuzz, temporaryFolder } from './run-cli.test.helper.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

const KINDS = ['vmcall', 'tdcall', 'seamcall', 'async'] as const;

type Recorded = Record<string, Record<string, string> | undefined>;

/** The lines of a committed vector file. */
function recordedLines(kind: (typeof KINDS)[number]): string[] {
  const packed = readFileSync(join(packageRoot(), `corpus/vectors/module-1.5.01-${kind}.jsonl.gz`));
  return gunzipSync(packed).toString('utf8').trimEnd().split('\n');
}

describe.concurrent('doctor', () => {
  test('everything of its own matches', async () => {
    const { status, stdout, stderr } = await tdxfuzz(['doctor'], { limit: 300_000 });
    expect(stderr).toBe('');
    for (const kind of KINDS) {
      const [, matched, total] =
        new RegExp(`${kind}: matched (\\d+)/(\\d+) vectors, [1-9]\\d* fields compared`).exec(stdout) ?? [];
      expect(Number(total)).toBeGreaterThan(50);
      expect(matched).toBe(total);
    }
    expect(status).toBe(0);
  });

  test.each([
    ['vmcall', 'host_out'],
    ['tdcall', 'guest_out'],
    ['seamcall', 'host_out'],
    ['async', 'host_out'],
  ] as const)(
    'one changed bit of one register of a %s vector is named: line, field, both values',
    async (kind, file) => {
      const lines = recordedLines(kind);
      const index = lines.findIndex((line) => (JSON.parse(line) as Recorded)[file] !== undefined);
      const changed = JSON.parse(lines[index]) as Recorded;
      const registers = changed[file] ?? {};
      const was = registers.r15;
      registers.r15 = `0x${(BigInt(was) ^ 1n).toString(16).padStart(16, '0')}`;
      const path = put(folder, `changed-${kind}.jsonl`, lines.with(index, JSON.stringify(changed)).join('\n'));
      const { status, stdout } = await tdxfuzz(['doctor', '--vectors', path]);
      expect(stdout).toContain(`${kind}: matched ${lines.length - 1}/${lines.length} vectors`);
      expect(stdout).toContain(
        `first mismatch: line ${index + 1}, ${file}.r15: expected ${registers.r15}, the model says ${was}`,
      );
      expect(status).toBe(1);
    },
  );

  test('what is no vector file, and what no model knows, is one line', async () => {
    const [exit] = recordedLines('async');
    const unknown = JSON.stringify({ ...(JSON.parse(exit) as object), reason: 77 });
    for (const [path, wanted] of [
      [
        put(folder, 'unknown.jsonl', unknown),
        /unknown\.jsonl:1: field reason: expected an exit reason that the model knows/,
      ],
      [put(folder, 'kind.jsonl', '{"id":1}'), /kind\.jsonl:1: not a vector of a known kind/],
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

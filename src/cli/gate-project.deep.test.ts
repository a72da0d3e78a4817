/** The gate as a project uses it first: sound, broken, accepted. `gate.deep.test.ts` has the rest. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BROKEN_OBJECT, caseIn, inside, LONG, makeProjects, parse, SOUND_OBJECT } from './gate-projects.test.helper.js';
import { BROKEN_AT } from './run-cli.test.helper.js';

const { project } = makeProjects();

describe.concurrent('a project', () => {
  test(
    'that is sound passes: a line for its target, nothing written',
    async () => {
      const own = project('sound', SOUND_OBJECT);
      const { status, stdout, stderr } = await inside(own, 'gate');
      expect(stderr).toBe('');
      expect(stdout).toMatch(/^ {2}__tdcall +linux-6\.7\/__tdcall +1,000 fresh cases +\d+ properties hold$/m);
      expect(stdout).toMatch(/^gate passed: 0 stored cases and 1,000 fresh ones on 1 target .*seed from the code\)$/m);
      expect(stdout).toMatch(/^note: \d+ of the package's cases replayed on no target$/m);
      expect(stdout).not.toContain('marshals-arguments');
      expect((await inside(own, 'gate', '--verbose')).stdout).toMatch(/marshals-arguments +[\d,]+ +holds/);
      expect(status).toBe(0);
      expect(readdirSync(own).sort()).toEqual(['my.o', 'tdxfuzz.config.ts']);
    },
    LONG,
  );

  test(
    'that is broken fails, names the instruction, and says how to accept; accepted it passes',
    async () => {
      const own = project('broken', BROKEN_OBJECT);
      const found = await inside(own, 'gate');
      expect(found.status).toBe(1);
      expect(found.stdout).toMatch(/finding 1 of 1: marshals-arguments/);
      expect(found.stdout).toContain(`__tdcall+0x${BROKEN_AT.toString(16)}`);
      expect(found.stdout).toMatch(/> +\d+ +__tdcall\+0xe +mov 0x10\(%rsi\),%r9/);
      const command = /tdxfuzz (accept \S+) --reason TEXT/.exec(found.stdout)?.[1]?.split(' ') ?? [];
      expect(command).toEqual(['accept', caseIn(own)]);

      const unsaid = await inside(own, ...command);
      expect([unsaid.status, unsaid.stderr]).toEqual([2, expect.stringContaining('--reason')]);
      expect(existsSync(join(own, 'tdxfuzz'))).toBe(false);
      const reasons = ['--reason', 'the vendor keeps it', '--reference', 'https://example.org/1'];
      const accepted = await inside(own, ...command, ...reasons);
      expect([accepted.status, accepted.stderr]).toEqual([0, '']);
      const rules = readFileSync(join(own, 'tdxfuzz/expect.json'), 'utf8');
      expect(rules).toContain('"place": "__tdcall+*"');
      expect((await inside(own, ...command, ...reasons)).stdout).toContain('there already');
      expect(readFileSync(join(own, 'tdxfuzz/expect.json'), 'utf8')).toBe(rules);

      const passed = await inside(own, 'gate');
      expect(passed.stdout).toMatch(/^gate passed, 1 accepted/m);
      expect(passed.stdout).toMatch(/covers 1 finding: __tdcall at __tdcall\+0xe: the vendor keeps it$/m);
      expect(passed.stdout).not.toContain('finding 1 of');
      expect(passed.status).toBe(0);
      const json = parse(await inside(own, 'gate', '--format', 'json'));
      expect(json.result.targets[0].findings.map(({ accepted: why }) => why)).toEqual([
        { reason: 'the vendor keeps it', reference: 'https://example.org/1' },
      ]);
    },
    LONG,
  );
});

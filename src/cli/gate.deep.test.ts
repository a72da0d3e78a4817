/** The gate as a project uses it: an own object and configuration, a finding, its acceptance, its mending. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { TargetResult } from '../campaign/records/result.js';
import { packageRoot } from '../package-info.js';
import { resultJson } from '../report/json.js';
import { BROKEN_OBJECT, caseIn, inside, LONG, makeProjects, parse, SOUND_OBJECT } from './gate-projects.test.helper.js';
import { BROKEN_TDCALL, objectWith, type Outcome, put, SOUND_TDCALL, tdxfuzz } from './run-cli.test.helper.js';

const { folder, project } = makeProjects();

/** One byte before the wrong load has moved: the function begins with ENDBR64. */
const MOVED_OBJECT = objectWith('__tdcall', [0xf3, 0x0f, 0x1e, 0xfa, ...BROKEN_TDCALL]);

/** The bytes of `result` in a printed JSON result. */
const bytesOf = ({ stdout }: Outcome): string => /"result": \{[\s\S]*?\n {2}\}/.exec(stdout)?.[0] ?? '';

/** Its only case succeeds. */
const ONE_CASE =
  '--target __tdx_hypercall=linux-5.19/__tdx_hypercall --property stops-on-failure --runs 1 --seed a'.split(' ');

describe.concurrent('a project', () => {
  test(
    'of which a property was never in force passes with a word about it, and fails if it was the only one',
    async () => {
      const own = project('unseen', SOUND_OBJECT);
      put(own, 'stub.o', readFileSync(join(packageRoot(), 'corpus/targets/guest-5.19.o')));
      const one = (...more: string[]): Promise<Outcome> => inside(own, 'gate', 'stub.o', ...ONE_CASE, ...more);
      const some = await one('--property', 'keeps-stack');
      expect(some.stdout).toMatch(/1 property holds$/m);
      expect(some.stdout).toMatch(
        /^note: __tdx_hypercall: stops-on-failure was in force in no case: nothing is known of it; /m,
      );
      expect([some.status, some.stderr]).toEqual([0, '']);
      const json = await one('--property', 'keeps-stack', '--format', 'json');
      expect(parse(json).result.targets[0].properties).toContainEqual({
        property: 'stops-on-failure',
        status: 'not evaluated',
        cases: 0,
      });
      expect(json.stderr).toContain('stops-on-failure was in force in no case');

      const none = await one();
      expect(none.status).toBe(2);
      expect(none.stdout).toMatch(/no verdict: no property was in force in any case$/m);
      expect(none.stdout).toMatch(/^1 target without a verdict, nothing found: /m);
      expect(none.stderr).toBe('tdxfuzz: stub.o: __tdx_hypercall: no verdict: no property was in force in any case\n');
      const fuzzed = await inside(own, 'fuzz', 'stub.o', '--verbose', ...ONE_CASE);
      expect(fuzzed.status).toBe(2);
      expect(fuzzed.stdout).toMatch(/stops-on-failure +- +not evaluated: in force in no case$/m);
      expect(fuzzed.stdout).toMatch(/^1 of 1 targets without a verdict, nothing found/m);
    },
    LONG,
  );

  test(
    'has rules that hold where code moves, that hide no other root cause, and that can go when it is mended',
    async () => {
      const own = project('rules', BROKEN_OBJECT);
      await inside(own, 'gate', '--runs', '200');
      await inside(own, 'accept', caseIn(own), '--reason', 'r');
      put(own, 'my.o', MOVED_OBJECT);
      expect((await inside(own, 'gate')).status).toBe(0);
      put(own, 'my.o', objectWith('__tdcall', BROKEN_TDCALL.with(13, 0x18)));
      expect((await inside(own, 'gate')).status).toBe(1);

      put(own, 'my.o', SOUND_OBJECT);
      const mended = await inside(own, 'gate');
      expect(mended.stdout).toMatch(
        /expect\.json: marshals-arguments call\.r9 of __tdcall .*: matched nothing: remove it$/m,
      );
      expect(mended.status).toBe(0);
      const few = await inside(own, 'gate', '--runs', '50');
      expect(few.stdout).toContain('not asked: no target of it was run in full');
      expect(few.stdout).not.toContain('matched nothing');
    },
    LONG,
  );

  test(
    'with --exact a rule holds at its instruction only',
    async () => {
      const own = project('exact', BROKEN_OBJECT);
      await inside(own, 'gate');
      await inside(own, 'accept', caseIn(own), '--reason', 'r', '--exact');
      expect((await inside(own, 'gate')).status).toBe(0);
      put(own, 'my.o', MOVED_OBJECT);
      expect((await inside(own, 'gate')).status).toBe(1);
    },
    LONG,
  );

  test(
    'with --new-only fails on what is new alone, and says what is old and what is gone',
    async () => {
      const own = project('base', BROKEN_OBJECT);
      expect((await inside(own, 'gate', '--out', 'base')).status).toBe(1);
      put(own, 'my.o', MOVED_OBJECT);
      const old = await inside(own, 'gate', '--new-only', 'base');
      expect(old.stdout).toMatch(
        /in the base as well: marshals-arguments .* at __tdcall\+0x12 \(there at __tdcall\+0xe\)/,
      );
      expect(old.status).toBe(0);
      // R8 is loaded from the field of R9.
      put(own, 'my.o', objectWith('__tdcall', SOUND_TDCALL.with(13, 0x18)));
      const fresh = await inside(own, 'gate', '--new-only', 'base');
      expect(fresh.stdout).toMatch(/note: new: marshals-arguments call\.r8 of __tdcall at __tdcall\+0xa/);
      expect(fresh.stdout).toMatch(/note: gone: marshals-arguments call\.r9 of __tdcall at __tdcall\+0xe/);
      expect(fresh.status).toBe(1);
      const base = parse({ status: 0, stderr: '', stdout: readFileSync(join(own, 'base/result.json'), 'utf8') });
      base.result.tool = '0.0.1';
      put(join(own, 'base'), 'result.json', resultJson(base));
      put(own, 'my.o', BROKEN_OBJECT);
      const mixed = await inside(own, 'gate', '--new-only', 'base');
      expect(mixed.stdout).toMatch(/note: base: the base is of tdxfuzz 0\.0\.1, this run of /);
      expect(mixed.status).toBe(0);
    },
    LONG,
  );

  test(
    'replays its own cases first, and names those that no target is replayed on',
    async () => {
      const own = project('kept', BROKEN_OBJECT);
      await inside(own, 'gate');
      expect((await inside(own, 'keep', caseIn(own))).stdout).toMatch(
        /kept as tdxfuzz\/cases\/marshals-arguments-\w+\.json/,
      );
      // Two cases do not find it: the stored one does.
      const replayed = parse(await inside(own, 'gate', '--runs', '1', '--seed', 'x', '--format', 'json'));
      expect(replayed.result.targets[0]).toMatchObject({ replayed: 1, cases: 1 });
      expect(replayed.result.targets[0].findings[0].first).toMatchObject({
        replayed: expect.stringMatching(/^marshals/),
      });
      cpSync(join(packageRoot(), 'corpus/cases/sti-too-early-5.19.json'), join(own, 'tdxfuzz/cases/other.json'));
      const other = await inside(own, 'gate', '--runs', '10');
      expect(other.stdout).toMatch(/^note: case other\.json: replayed on no target/m);
      expect((await inside(own, 'gate', '--runs', '10', '--format', 'json')).stderr).toMatch(
        /^note: case other\.json/m,
      );
    },
    LONG,
  );
});

describe.concurrent('the verdict', () => {
  const two = (first: readonly number[]): Uint8Array => {
    const size = BigInt(SOUND_TDCALL.length);
    return objectWith('__tdcall', [...first, ...SOUND_TDCALL], {
      symbols: [
        { name: '__tdcall', section: '.text', type: 2, size },
        { name: 'other', section: '.text', value: size, type: 2, size },
      ],
    });
  };
  const config = `export default {
    targets: [{ image: 'my.o', bind: { __tdcall: 'linux-6.7/__tdcall', other: 'linux-6.7/__tdcall' } }],
    gate: { runs: 600 }, workers: 1 };`;

  test(
    'is the same, byte for byte, for the same code, whatever the number of workers; another seed is another',
    async () => {
      const own = project('twice', two(BROKEN_TDCALL), config);
      const json = (out: string, ...more: string[]): Promise<Outcome> =>
        inside(own, 'gate', '--format', 'json', '--out', out, ...more);
      const [first, second, threads, seeded] = await Promise.all([
        json('first'),
        json('second'),
        json('threads', '--workers', '2'),
        json('seeded', '--seed', 'x'),
      ]);
      expect(bytesOf(first).length).toBeGreaterThan(1000);
      expect(bytesOf(second)).toBe(bytesOf(first));
      expect(bytesOf(threads)).toBe(bytesOf(first));
      expect(bytesOf(seeded)).not.toBe(bytesOf(first));
      expect(parse(first).result.seed).toBe('from the code');
      expect(parse(first).result.targets.map(({ seed, fingerprint }) => seed === fingerprint)).toEqual([true, true]);
      expect(parse(seeded).result.targets.map(({ seed }) => seed)).toEqual(['x', 'x']);
    },
    LONG,
  );

  test(
    'of one target changes with one instruction of its own, and no other does',
    async () => {
      const own = project('changed', two(BROKEN_TDCALL), config);
      const json = async (): Promise<TargetResult[]> =>
        parse(await inside(own, 'gate', '--format', 'json', '--out', 'o')).result.targets;
      const before = await json();
      put(own, 'my.o', two(SOUND_TDCALL));
      const after = await json();
      expect(before.map(({ findings }) => findings.length)).toEqual([1, 0]);
      expect(after.map(({ findings }) => findings.length)).toEqual([0, 0]);
      expect(after[0].seed).not.toBe(before[0].seed);
      // But for the hash of the whole file.
      expect({ ...after[1], imageHash: '' }).toEqual({ ...before[1], imageHash: '' });
    },
    LONG,
  );
});

describe.concurrent('a configuration', () => {
  const contract = `const set = structuredClone(CONTRACT_SETS.find(({ name }) => name === 'linux-6.7'));`;

  test(
    'may hold a contract set of its own; options win over it; paths start at the file',
    async () => {
      const own = project(
        'own-contract',
        BROKEN_OBJECT,
        `import { CONTRACT_SETS } from 'tdxfuzz'; ${contract}
       export default { targets: [{ image: 'my.o', name: 'mine', contract: { ...set, name: 'own' } }],
         gate: { runs: 300 }, workers: 1, out: 'results', expect: 'rules.json', cases: 'kept' };`,
      );
      const { stdout } = await inside(own, 'gate');
      expect(stdout).toMatch(/^ {2}mine:__tdcall +own\/__tdcall +300 fresh cases/m);
      expect(stdout).toContain('results in results');
      const [name] = readdirSync(join(own, 'results/findings'));
      expect((await inside(own, 'gate', '--runs', '40')).stdout).toContain('40 fresh cases');
      const elsewhere = join(folder, 'elsewhere');
      mkdirSync(elsewhere);
      const path = join(own, 'tdxfuzz.config.ts');
      await tdxfuzz(['accept', join(own, 'results/findings', name), '--reason', 'r', '--config', path], {
        cwd: elsewhere,
      });
      expect(existsSync(join(own, 'rules.json'))).toBe(true);
      await tdxfuzz(['keep', join(own, 'results/findings', name), '--config', path], { cwd: elsewhere });
      expect(readdirSync(join(own, 'kept'))).toEqual([`${name}.json`]);
      const again = await tdxfuzz(['gate', '--config', path, '--quiet'], { cwd: elsewhere });
      expect(again.stdout).toContain('gate passed, 1 accepted');
      expect(readdirSync(elsewhere)).toEqual([]);
      expect(
        (await inside(own, 'gate', 'my.o', '--no-config', '--contract', 'linux-6.7', '--runs', '300')).status,
      ).toBe(1);
    },
    LONG,
  );

  test.each(['js', 'mjs', 'json'])('may be .%s', async (extension) => {
    const own = join(folder, `as-${extension}`);
    mkdirSync(own);
    put(own, 'my.o', SOUND_OBJECT);
    const text = '{ "targets": [{ "image": "my.o" }], "gate": { "runs": 77 }, "workers": 1 }';
    put(own, `tdxfuzz.config.${extension}`, extension === 'json' ? text : `export default ${text};`);
    const { status, stdout } = await inside(own, 'gate');
    expect(stdout).toContain('77 fresh cases');
    expect(status).toBe(0);
  });
});

/** The gate as a project uses it: an own object and configuration, a finding, its acceptance, its mending. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunResult, resultSchema, type TargetResult } from '../campaign/result.js';
import { packageRoot } from '../package-info.js';
import { resultJson } from '../report/json.js';
import {
  BROKEN_AT,
  BROKEN_TDCALL,
  objectWith,
  type Outcome,
  put,
  removeFolder,
  SOUND_TDCALL,
  tdxfuzz,
  temporaryFolder,
} from './run-cli.test.helper.js';

/** Milliseconds for tests that start many processes, also where others use the machine. */
const LONG = 400_000;

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

const CONFIG = `import { defineConfig } from 'tdxfuzz';
const runs: number = 1000;
export default defineConfig({
  targets: [{ image: 'my.o', contract: 'linux-6.7' }],
  gate: { runs },
  workers: 1,
});
`;
const BROKEN_OBJECT = objectWith('__tdcall', BROKEN_TDCALL);
const SOUND_OBJECT = objectWith('__tdcall', SOUND_TDCALL);
/** One byte before the wrong load has moved: the function begins with ENDBR64. */
const MOVED_OBJECT = objectWith('__tdcall', [0xf3, 0x0f, 0x1e, 0xfa, ...BROKEN_TDCALL]);

/** A new project. */
function project(name: string, object: Uint8Array, config = CONFIG): string {
  const own = join(folder, name);
  mkdirSync(own);
  put(own, 'my.o', object);
  put(own, 'tdxfuzz.config.ts', config);
  return own;
}

const inside = (cwd: string, ...args: string[]): Promise<Outcome> => tdxfuzz(args, { cwd });
const caseIn = (own: string): string => {
  const [name] = readdirSync(join(own, 'tdxfuzz-out/cases'));
  return `tdxfuzz-out/cases/${name}`;
};
const parse = ({ stdout }: Outcome): RunResult => resultSchema.parse(JSON.parse(stdout));
/** The bytes of `result` in a printed JSON result. */
const bytesOf = ({ stdout }: Outcome): string => /"result": \{[\s\S]*?\n {2}\}/.exec(stdout)?.[0] ?? '';

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
      const args = ['gate', '--format', 'json', '--out', 'o'];
      const [first, second, threads, seeded] = await Promise.all([
        inside(own, ...args),
        inside(own, ...args),
        inside(own, ...args, '--workers', '2'),
        inside(own, ...args, '--seed', 'x'),
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
      const [name] = readdirSync(join(own, 'results/cases'));
      expect((await inside(own, 'gate', '--runs', '40')).stdout).toContain('40 fresh cases');
      const elsewhere = join(folder, 'elsewhere');
      mkdirSync(elsewhere);
      const path = join(own, 'tdxfuzz.config.ts');
      await tdxfuzz(['accept', join(own, 'results/cases', name), '--reason', 'r', '--config', path], {
        cwd: elsewhere,
      });
      expect(existsSync(join(own, 'rules.json'))).toBe(true);
      await tdxfuzz(['keep', join(own, 'results/cases', name), '--config', path], { cwd: elsewhere });
      expect(readdirSync(join(own, 'kept'))).toEqual([name]);
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

describe.concurrent('what cannot be used is one line and status 2, and nothing is written', () => {
  let stored = '';
  beforeAll(async () => {
    const own = project('source', BROKEN_OBJECT);
    await inside(own, 'gate', '--runs', '200');
    stored = readFileSync(join(own, caseIn(own)), 'utf8');
  });

  const targets = `targets: [{ image: 'my.o' }]`;
  const config = (text: string): Record<string, string> => ({ 'tdxfuzz.config.ts': text });
  const rules = (value: unknown): Record<string, string> => ({ 'tdxfuzz/expect.json': JSON.stringify(value) });
  const rule = { target: '*', property: 'keeps-stack', slot: 'x', reason: 'r' };

  test.each<[string, Record<string, string>, RegExp, string[]?]>([
    ['a configuration that is cut', config('export default { targets: ['), /tdxfuzz\.config\.ts:1:\d+: ParseError/],
    ['one that throws', config('\n\nthrow new Error("two\\nlines");'), /tdxfuzz\.config\.ts:3:\d+: two; mend it/],
    ['one that throws null', config('throw null;'), /tdxfuzz\.config\.ts: threw no Error/],
    [
      'one that calls what is not there',
      config('import { nope } from "tdxfuzz";\nexport default nope();'),
      /config\.ts:2:\d+: .*nope/,
    ],
    ['one that imports what is not there', config('import "./gone.js";'), /config\.ts:1:\d+: Cannot find module/],
    ['one that exports nothing', config('export const a = 1;'), /config\.ts: a: no such setting/],
    ['one that exports a number', config('export default 5;'), /config\.ts: exports no configuration/],
    [
      'an unknown setting',
      config('export default { worker: 1 };'),
      /config\.ts: worker: no such setting; nearest: workers/,
    ],
    [
      'one of a target',
      config(`export default { targets: [{ imgae: 'my.o' }] };`),
      /targets\.0\.imgae|targets\.0\.image/,
    ],
    ['one of the gate', config(`export default { gate: { run: 5 } };`), /gate\.run: no such setting; nearest: runs/],
    ['an enormous number', config(`export default { gate: { runs: 1e300 } };`), /config\.ts: gate\.runs: /],
    ['not a number', config(`export default { workers: NaN };`), /config\.ts: workers: /],
    [
      'a getter that throws',
      config(`export default { get workers() { throw new Error('got'); } };`),
      /config\.ts:1:\d+: got/,
    ],
    [
      'an image that is not there',
      config(`export default { targets: [{ image: 'gone.o' }] };`),
      /config\.ts: targets\.0: gone\.o: no such file/,
    ],
    [
      'an unknown contract',
      config(`export default { targets: [{ image: 'my.o', contract: 'linux-6.8x' }] };`),
      /targets\.0: no contract set linux-6\.8x; nearest/,
    ],
    [
      'a contract that is none',
      config(`export default { targets: [{ image: 'my.o', contract: { name: 'x' } }] };`),
      /config\.ts: targets\.0: contract: /,
    ],
    [
      'two targets of one name',
      config(`export default { targets: [1, 2].map(() => ({ image: 'my.o', contract: 'linux-6.7' })) };`),
      /targets\.1: another target is called/,
    ],
    [
      'results outside of the project',
      config(`export default { ${targets}, out: '../outside' };`),
      /config\.ts: out: \.\.\/outside lies outside/,
    ],
    [
      'rules outside of it',
      config(`export default { ${targets}, expect: '/tmp/x/expect.json' };`),
      /config\.ts: expect: .* lies outside/,
    ],
    [
      'cases outside of it',
      config(`export default { ${targets}, cases: 'a/../../b' };`),
      /config\.ts: cases: .* lies outside/,
    ],
    [
      'control characters in a setting',
      config(`export default { '\\x1b[2J<b>': 1 };`),
      /config\.ts: \\x1b\[2J<b>: no such setting/,
    ],
    ['a configuration that is not there', {}, /gone\.ts: no such file/, ['--config', 'gone.ts']],
    ['a device for a configuration', {}, /\/dev\/zero: not a regular file/, ['--config', '/dev/zero']],
    [
      'JSON that is cut',
      { 'tdxfuzz.config.json': '{ "targets": [' },
      /tdxfuzz\.config\.json: not JSON/,
      ['--config', 'tdxfuzz.config.json'],
    ],
    [
      'rules of another version',
      rules({ schema: 'tdxfuzz/expect/9', rules: [] }),
      /tdxfuzz\/expect\.json: schema tdxfuzz\/expect\/9 is not known/,
    ],
    [
      'a rule without a reason',
      rules({ schema: 'tdxfuzz/expect/1', rules: [{ ...rule, reason: '' }] }),
      /expect\.json: .*rules\.0\.reason/,
    ],
    [
      'a rule of an unknown property',
      rules({ schema: 'tdxfuzz/expect/1', rules: [{ ...rule, property: 'keeps-stak' }] }),
      /rules\.0\.property: no property keeps-stak; nearest: keeps-stack/,
    ],
    ['rules that are not there', {}, /rules\.json: no such file/, ['--expect', 'rules.json']],
    [
      'a broken case among the stored ones',
      { 'tdxfuzz/cases/bad.json': '{ "schema": "tdxfuzz/case/1"' },
      /tdxfuzz\/cases\/bad\.json: not JSON/,
    ],
    ['a file for the folder of cases', { 'tdxfuzz/cases': '' }, /tdxfuzz\/cases: no folder of cases/],
    ['a base that is not there', {}, /gone\/result\.json: no such file/, ['--new-only', 'gone']],
    [
      'a base that is no result',
      { 'base/result.json': '{"schema":"tdxfuzz/result/1"}' },
      /base\/result\.json: not a result: /,
      ['--new-only', 'base'],
    ],
    ['an unknown target', {}, /--target __tdcal matches no target; nearest: __tdcall/, ['--target', '__tdcal']],
    ['a binding without an image', {}, /--target a=b\/c: a binding needs an IMAGE/, ['--target', 'a=b/c']],
    ['too many runs', {}, /--program-runs .*whole number/, ['--program-runs', '1e99']],
  ])('%s', async (name, files, wanted, args = []) => {
    const own = join(folder, `bad ${name}`);
    mkdirSync(own);
    put(own, 'my.o', SOUND_OBJECT);
    put(own, 'tdxfuzz.config.mjs', `export default { ${targets}, gate: { runs: 50 }, workers: 1 };`);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(own, path, '..'), { recursive: true });
      put(own, path, text);
    }
    const before = readdirSync(own, { recursive: true });
    refused(await inside(own, 'gate', ...args), wanted);
    expect(readdirSync(own, { recursive: true })).toEqual(before);
    expect(existsSync(join(folder, 'outside'))).toBe(false);
  });

  test.each<[string, (file: Record<string, unknown>) => unknown, RegExp]>([
    ['a case that expects nothing', (file) => ({ ...file, expect: null }), /case\.json: the case expects no violation/],
    [
      'a case of a later version',
      (file) => ({ ...file, schema: 'tdxfuzz/case/2' }),
      /schema tdxfuzz\/case\/2 is not known/,
    ],
    [
      'a case of an unknown property',
      (file) => ({ ...file, expect: { ...(file['expect'] as object), property: '../\x1b<b>' } }),
      /expect\.property: no property \.\.\/\\x1b<b>/,
    ],
  ])('accept of %s', async (name, change, wanted) => {
    const own = join(folder, `accept ${name}`);
    mkdirSync(own);
    // A finding's folder stands for its case.
    mkdirSync(join(own, 'finding'));
    put(own, 'finding/case.json', JSON.stringify(change(JSON.parse(stored) as Record<string, unknown>)));
    refused(await inside(own, 'accept', 'finding', '--reason', 'r'), wanted);
    expect(readdirSync(own)).toEqual(['finding']);
  });

  test(
    'a stored case with values that the contract has no place for is named before the run',
    async () => {
      const own = project('no-place', SOUND_OBJECT);
      const dispatcher = join(packageRoot(), 'corpus/targets/dispatcher-7.3.o');
      symlinkSync(dispatcher, join(own, 'dispatcher.o'));
      const file = JSON.parse(
        readFileSync(join(packageRoot(), 'corpus/cases/dispatcher-map-gpa-wraps.json'), 'utf8'),
      ) as Record<string, unknown>;
      mkdirSync(join(own, 'tdxfuzz/cases'), { recursive: true });
      put(own, 'tdxfuzz/cases/odd.json', JSON.stringify({ ...file, story: [{ action: 'dance', values: {} }] }));
      const args = ['gate', 'dispatcher.o', '--contract', 'kvm-7.3', '--runs', '10'];
      refused(await inside(own, ...args), /odd\.json: story\.0: no action dance/);
    },
    LONG,
  );
});

function refused({ status, stdout, stderr }: Outcome, wanted: RegExp): void {
  expect(stderr).not.toMatch(/\n {4}at |internal error/);
  expect(stderr).toMatch(wanted);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stdout).toBe('');
  expect(status).toBe(2);
}

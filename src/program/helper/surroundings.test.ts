/** A helper that warns before it works, as kernels do: what stands around it is answered for, and what stops, stops. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { builtInPrograms } from '../../campaign/targets/built-in-targets.js';
import { Dice } from '../../case/dice.js';
import { loadImage } from '../../image/open-images.js';
import { packageRoot } from '../../package-info.js';
import { createPlayRunner } from '../../run/open-runner.js';
import { drawStory } from '../../story/case-space.js';
import { declareSurroundings } from '../../world/surroundings.js';

const hasTools = ['gcc', 'objcopy'].every((tool) => spawnSync(tool, ['--version']).status === 0);
if (!hasTools) process.stderr.write('src/program/helper/surroundings.test.ts: skipped, there is no gcc with objcopy\n');

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-surroundings-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => declareSurroundings());

/** An entry of __bug_table for label 1: site, file, line, flags. */
const entry = (flags: number): string =>
  `.pushsection __bug_table,"aw"\n2: .long 1b-2b, 0\n.word 7, ${flags}\n.popsection\n`;
const WARNING = 1;
const WARN = `1: ud2\n${entry(WARNING)}`;
const BUG = `1: ud2\n${entry(0)}`;
/** Of a kernel since 6.19: the site, the format, the file, the line, the flags. */
const WARN_WITH_FORMAT = `1: ud2\n.pushsection __bug_table,"aw"\n2: .long 1b-2b, 0, 0\n.word 7, ${WARNING}\n.popsection\n`;
const UD1 = `1: ud1 (%rdx),%rdi\n${entry(WARNING)}`;
const call = (name: string): string => `push %rdi\ncall ${name}\npop %rdi\n`;

describe.runIf(hasTools)('a handler of HLT that does something first', () => {
  beforeAll(() => {
    const helper = join(packageRoot(), 'corpus/targets/helper-7.3.o');
    execFileSync('objcopy', ['--redefine-sym', 'handle_halt=own_halt', helper, join(folder, 'rest.o')]);
  });

  /** @returns what the runs came to */
  function verdicts(first: string, more = ''): { found: Set<string>; problems: Set<string> } {
    const source = `.text\n.globl handle_halt\n.type handle_halt,@function\nhandle_halt:\n${first}jmp own_halt\n.size handle_halt,.-handle_halt\n${more}.section .note.GNU-stack\n`;
    writeFileSync(join(folder, 'first.s'), source);
    execFileSync('gcc', ['-c', 'first.s', '-o', 'first.o'], { cwd: folder });
    const target = builtInPrograms().find(
      ({ name }) => name === 'helper-7.3:handle_halt' || name.endsWith('handle_halt'),
    );
    if (target === undefined) throw new Error('no target for handle_halt');
    const image = loadImage([join(folder, 'first.o'), join(folder, 'rest.o')]);
    const runner = createPlayRunner({ ...target, image });
    const dice = new Dice([1, 2, 3, 4]);
    const found = new Set<string>();
    const problems = new Set<string>();
    for (let index = 0; index < 60; index++) {
      for (const { clause } of runner.run(drawStory(runner.space, dice)) ?? []) found.add(JSON.stringify(clause));
      if (runner.play.problem !== '') problems.add(runner.play.problem);
    }
    return { found, problems };
  }

  const WITHIN =
    '.type within,@function\nwithin:\ncall my_count\ncall panic\ncall my_datum_of\nret\n.size within,.-within\n';
  const CLEAN = { found: new Set(), problems: new Set() };

  test.each([
    ['WARN', WARN],
    ['WARN of a kernel that has formats', WARN_WITH_FORMAT],
    ['WARN by UD1', UD1],
    ['WARN that prints', `${call('__warn_printk')}${WARN}`],
    ['WARN of 7.x', call('__SCT__WARN_trap')],
    ['a message', call('_printk')],
    ['data of a kernel', 'mov phys_base(%rip),%rax\n'],
    ['a hook', call('__sanitizer_cov_trace_pc')],
  ])('%s: is silent', (_, first) => expect(verdicts(first)).toEqual(CLEAN));

  const PRINTK = `.globl _printk\n.type _printk,@function\n_printk:\nmov %gs:0x12345678,%rax\nmov (%rax),%rax\nret\n.size _printk,.-_printk\n`;
  test('a message whose code lies in the image is answered for, not run', () =>
    expect(verdicts(call('_printk'), PRINTK)).toEqual(CLEAN));

  test.each([
    ['BUG', BUG],
    ['UD2 that no table knows', 'ud2\n'],
    ['a function that never returns', call('panic')],
  ])('%s: is found', (_, first) => expect(verdicts(first).found.size).toBeGreaterThan(0));

  test('what nothing models has no verdict', () => {
    const { found, problems } = verdicts(call('my_log'));
    expect([...problems]).toEqual([expect.stringMatching(/my_log/)]);
    expect(found).toEqual(new Set());
  });

  test('what else the function can reach is named with it', () => {
    const { problems } = verdicts(`${call('my_log')}test %rax,%rax\njne 4f\ncall within\n4:\n`, WITHIN);
    const [problem] = problems;
    expect(problem).toMatch(
      /^external symbol my_log.* is not modelled, and neither are 2 more .* surroundings: \{ my_log: 0, my_count: 0, my_datum_of: 0 \}/,
    );
  });

  test.each([
    ['alone', ''],
    ['beside data that is modelled', 'mov phys_base(%rip),%rax\n'],
  ])('data that nothing models has no verdict, and is no fault of the code: %s', (_, first) => {
    const { found, problems } = verdicts(`${first}mov my_datum(%rip),%rax\n`);
    expect([...problems]).toEqual([
      expect.stringMatching(/my_datum.* is data that is not modelled;.* surroundings: \{ my_datum: 'data 0' \}/),
    ]);
    expect(found).toEqual(new Set());
  });

  test('data is named with the functions, and what the message says is what makes a verdict', () => {
    const code = `${call('my_log')}mov my_flags+4(%rip),%eax\ncmp $7,%eax\nje 3f\nud2\n3:\n`;
    const [problem] = verdicts(code).problems;
    const settings = /surroundings: (\{ my_log: 0, my_flags: 'data 0' \})/.exec(problem);
    expect(settings).not.toBeNull();
    declareSurroundings({ my_log: 0, my_flags: 'data 0x700000000' });
    expect(verdicts(code)).toEqual(CLEAN);
    declareSurroundings({ my_log: 0, my_flags: 'data 0x600000000' });
    expect(verdicts(code).found.size).toBeGreaterThan(0);
  });

  test('a function of the image runs where a project wants it, though the tool would answer for it', () => {
    declareSurroundings({ _printk: 'runs' });
    expect(verdicts(call('_printk'), PRINTK).found.size).toBeGreaterThan(0);
  });

  test('a project says what its functions do', () => {
    declareSurroundings({ my_log: 0 });
    expect(verdicts(call('my_log'))).toEqual(CLEAN);
    declareSurroundings({ my_log: 'nothing' });
    expect(verdicts(call('my_log'))).toEqual(CLEAN);
    declareSurroundings({ my_log: '0x1122334455667788' });
    expect(verdicts(`${call('my_log')}movabs $0x1122334455667788,%rcx\ncmp %rcx,%rax\nje 3f\nud2\n3:\n`)).toEqual(
      CLEAN,
    );
    declareSurroundings({ my_log: 'fails' });
    expect(verdicts(call('my_log')).found.size).toBeGreaterThan(0);
    declareSurroundings({ my_log: 'stops' });
    expect(verdicts(call('my_log')).found.size).toBeGreaterThan(0);
  });
});

test.each([
  1.5,
  Number.NaN,
  'stop',
  '',
  '0x',
  '1e3',
  '0x10000000000000000',
  '-9223372036854775809',
  'data',
  'data ',
  'data x',
])('a setting that means nothing: %s', (setting) =>
  expect(() => declareSurroundings({ f: setting })).toThrow(/surroundings: f: .* is not a number/),
);

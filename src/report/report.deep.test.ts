import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, test as plain } from 'vitest';
import { fuzz } from '../campaign/fuzz.js';
import { type FindingResult, RESULT_SCHEMA, type RunResult, type TargetResult } from '../campaign/records/result.js';
import { createRunner } from '../run/open-runner.js';
import type { StubTarget } from '../run/target.js';
import {
  BLOCK_CONTRACT,
  call,
  clear,
  external,
  HOST_CONTRACT,
  type ImageOptions,
  jumpThrough,
  load,
  madeImage,
  NOP,
  type Piece,
  RET,
  SEAMCALL,
  set32,
  SOUND,
  store,
  TDCALL,
  TEXT,
} from '../harness/made-function.test.helper.js';
import { packageRoot } from '../package-info.js';
import { documentOfRun } from '../finding/document.js';
import { caseOf, runnerOf } from '../finding/made-runner.test.helper.js';
import { twinTarget } from '../finding/twins.test.helper.js';
import { describeSlot } from './describe-slot.js';
import { resultJson, sorted } from './json.js';
import { plainTable } from './plain-table.js';
import { findingText } from './finding-text.js';
import { summary, targetTable } from './terminal.js';
import { traceText } from './trace-text.js';

/** A title of a terminal window, a cleared screen, new lines, text that runs backwards, a null byte. */
const EVIL = 'f\x1b]0;owned\x07\x1b[2J\r\nfake: nothing found\u202ecba\u2028\x00\x01\x9b31m';
/** Colour that the tool itself prints. */
// oxlint-disable-next-line no-control-regex -- the escape sequences of colours are what is taken out
const COLOURS = /\x1b\[[0-9]+m/g;
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

const targetOf = (pieces: readonly Piece[], options: ImageOptions = {}): StubTarget => ({
  name: options.symbol ?? 'f',
  symbol: options.symbol ?? 'f',
  set: 'made',
  contract: BLOCK_CONTRACT,
  image: madeImage(pieces, options),
});
const run = (target: StubTarget, runs = 60): Promise<RunResult> =>
  fuzz({ targets: [target], seed: 'seed', budget: { runs }, workers: 1 });
const only = ({ result }: RunResult): TargetResult => result.targets[0];

const textOf = (finding: FindingResult): string =>
  findingText(finding, { title: 'finding 1 of 1', replay: 'tdxfuzz replay x.json' });

describe('hostile names do not reach the terminal', () => {
  // R10 that leaks RBX, a neighbour with a name of its own, and an external that nothing models.
  const leak: Piece[] = [store('rsp', 8, 'rbx'), ...SOUND];

  plain('in the table of a target and its findings', async () => {
    const target = targetOf(leak, { symbol: EVIL });
    const result = await run(target);
    const table = targetTable(only(result), true);
    expect(table.replaceAll(COLOURS, '')).not.toMatch(CONTROL);
    expect(table).toContain('\\x1b]0;owned');
    expect(table).not.toContain('\nfake:');
    const { findings } = only(result);
    expect(findings.length).toBeGreaterThan(0);
    for (const finding of findings) {
      const text = textOf(finding);
      expect(text.replaceAll(COLOURS, '')).not.toMatch(CONTROL);
      expect(text).not.toContain('\nfake:');
    }
    expect(summary(result).replaceAll(COLOURS, '')).not.toMatch(CONTROL);
  });

  // A name from an image is escaped when the image is loaded; one from a contract of the user's is not.
  plain('in the contract and the problem of a target (to do: shorten them in terminal.ts)', async () => {
    const result = await run(targetOf([call(external(0)), RET], { externals: [EVIL] }), 5);
    const table = targetTable({ ...only(result), contract: EVIL }, false);
    expect(table.replaceAll(COLOURS, '')).not.toMatch(CONTROL);
    expect(table).not.toContain('\nfake:');
  });

  plain('in the JSON: control characters are escaped there by JSON itself', async () => {
    const json = resultJson(await run(targetOf(leak, { symbol: EVIL }), 20));
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(json).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(JSON.parse(json)).toHaveProperty('schema', RESULT_SCHEMA);
  });

  test.prop([
    fc.array(fc.array(fc.string({ unit: 'binary-ascii', maxLength: 8 }), { minLength: 2, maxLength: 2 }), {
      minLength: 1,
      maxLength: 4,
    }),
  ])('a table never throws for what was escaped', (rows) => {
    const safe = rows.map((row) => row.map((cell) => JSON.stringify(cell)));
    expect(plainTable(safe).split('\n')).toHaveLength(rows.length);
  });
});

describe('a finding in full', () => {
  const target = targetOf([load('r10', 'rdi'), clear('rax'), set32('rcx', 0x400), TDCALL, NOP, set32('rbx', 5), RET]);
  plain(
    'has the rule, the clause, the place, what was expected and found, the values, the trace, the command',
    async () => {
      const finding = only(await run(target)).findings.find(({ property }) => property === 'keeps-callee-saved');
      if (finding === undefined) throw new Error('not found');
      const lines = textOf(finding).replaceAll(COLOURS, '').split('\n');
      const says = (start: string): string => lines.find((line) => line.trim().startsWith(start)) ?? '';
      expect(lines[0]).toContain('keeps-callee-saved');
      expect(says('clause')).toContain('final.rbx');
      expect(says('place')).toContain('f+0x10');
      expect(says('found')).toContain('0x5');
      expect(says('hits')).toMatch(/\d+ cases fail so/);
      expect(says('scenario')).toContain('neutral');
      expect(says('replay')).toContain('tdxfuzz replay x.json');
      // The blamed instruction is marked, and only it.
      const marked = lines.filter((line) => /^\s*>/.test(line));
      expect(marked).toHaveLength(1);
      expect(marked[0]).toMatch(/f\+0x10 +mov \$5,%ebx/);
    },
  );
});

describe('a trace line', () => {
  const lines = (
    pieces: readonly Piece[],
    values: Record<string, bigint> = {},
    contract = BLOCK_CONTRACT,
    options: ImageOptions = {},
  ): { number: string; place: string; text: string; changes: string[] }[] => {
    const runner = runnerOf(pieces, contract, undefined, options);
    runner.run(caseOf(runner, values));
    const text = traceText(documentOfRun(runner)).replaceAll(COLOURS, '');
    return text.split('\n').map((line) => {
      const [number, place, instruction, ...changes] = line.trim().split(/ {2,}/);
      return { number, place, text: instruction, changes };
    });
  };
  plain('says what the instruction changed', () => {
    const [first, second] = lines([set32('rax', 5), store('rdi', 8, 'rax'), RET], { 'entry.rax': 1n });
    expect(first).toMatchObject({ number: '0', place: 'f+0x0', changes: ['rax: 0x1 -> 0x5'] });
    expect(second.changes).toEqual(['[args.b (0xffff888012340808)] <- 0x5 (8)']);
  });
  plain('says which registers the host answered in, also where the value is the same', () => {
    const all = lines([clear('rax'), set32('rcx', 0x400), TDCALL, RET], { 'answer.r10': 0n, 'entry.r10': 0n });
    expect(all[2].changes).toEqual(['TDG.VP.VMCALL: the host answers in r10']);
  });
  plain('says who answered SEAMCALL, and what became of one that nobody answered', () => {
    const fixups = [{ from: TEXT, to: TEXT + 4n, type: 2 }];
    const seamcall = (values: Readonly<Record<string, bigint>>): string =>
      lines([SEAMCALL, RET], { 'entry.rcx': 9n, ...values }, HOST_CONTRACT, { fixups })[0].changes[0];
    expect(seamcall({ 'entry.rax': 48n })).toBe('TDH.SERVTD.BIND: the module answers in rcx r10 r11 r12 r13');
    expect(seamcall({ 'entry.rax': 46n })).toBe('the module answers in rax alone');
    expect(seamcall({ 'entry.rax': 0n })).toMatch(/^TDH\.VP\.ENTER: the TD answers in rcx rdx rbx rsi/);
    expect(seamcall({ 'entry.rax': 1n << 63n })).toBe('SEAMLDR.INFO: the P-SEAMLDR answers in rax alone');
    expect(seamcall({ 'call.outcome': 1n })).toBe('VMfailInvalid: CF is 1, no register changes');
    expect(seamcall({ 'call.outcome': 2n })).toBe('raises #GP: the fixup goes on at f+0x4');
    expect(seamcall({ 'call.outcome': 3n })).toBe('raises #UD: the fixup goes on at f+0x4');
  });
  plain('says that an interrupt came', () => {
    const all = lines([NOP, NOP, RET], { 'fault.kind': 2n, 'fault.at': 1n });
    expect(all.map(({ text }) => text)).toEqual(['nop', expect.stringContaining('interrupt'), 'nop', 'ret']);
  });
  plain('names code that nobody can read', () => {
    expect(lines([clear('r11'), jumpThrough('r11')]).at(-1)?.text).toContain('jmp');
  });
});

describe('a slot as a person knows it', () => {
  const { compiled } = runnerOf(SOUND, BLOCK_CONTRACT).reference;
  plain.each([
    ['block.field1', '0x5', 'block.field1 (args.b)', '0x5'],
    ['block.place', '0x2', 'block.place', 'null (0x2)'],
    ['fault.kind', '0x2', 'fault.kind', 'nmi (0x2)'],
    ['fault.at', '0x3', 'fault.at', 'before instruction 3 (0x3)'],
    ['module.rbpMod', '0x1', 'module.rbpMod', 'the TD has no NO_RBP_MOD (0x1)'],
    ['entry.rbx', '0x7', 'entry.rbx', '0x7'],
    ['call.outcome', '0x1', 'call.outcome', 'VMfailInvalid: CF is 1 (0x1)'],
    ['call.outcome', '0x2', 'call.outcome', 'it raises #GP (0x2)'],
    ['call.outcome', '0x3', 'call.outcome', 'it raises #UD (0x3)'],
  ])('%s = %s', (slot, value, name, text) => {
    expect(describeSlot(compiled, slot, value)).toEqual({ name, value: text });
  });
  plain('a status is that of the instruction', () => {
    const names = [BLOCK_CONTRACT, HOST_CONTRACT].map(
      (contract) => describeSlot(runnerOf([RET], contract).reference.compiled, 'answer.status', '0x1').name,
    );
    expect(names).toEqual(['answer.status (RAX of TDCALL)', 'answer.status (RAX of SEAMCALL)']);
  });
  plain('a status has its name, flags have theirs', () => {
    expect(describeSlot(compiled, 'answer.status', '0xc000010000000001').value).toContain('TDX_OPERAND_INVALID');
    const { contract } = twinTarget('sti-missing-5.19');
    const flags = createRunner({ ...targetOf(SOUND), contract }).compiled;
    expect(describeSlot(flags, 'entry.rsi', '0x3')).toEqual({
      name: 'entry.rsi (flags)',
      value: 'HAS_OUTPUT | ISSUE_STI (0x3)',
    });
  });
});

describe('JSON', () => {
  const json = fc.jsonValue();
  test.prop([json])('has its keys in order, and the same content', (value) => {
    const ordered = sorted(value);
    expect(JSON.parse(JSON.stringify(ordered))).toEqual(JSON.parse(JSON.stringify(value)));
    const inOrder = (item: unknown): void => {
      if (typeof item !== 'object' || item === null) return;
      if (!Array.isArray(item)) {
        // Keys that look like array indices come first in every JavaScript object.
        const keys = Object.keys(item).filter((key) => !/^\d+$/.test(key));
        expect(keys).toEqual([...keys].sort());
      }
      Object.values(item).forEach(inOrder);
    };
    inOrder(ordered);
  });
  plain('does not depend on the order in which things were put in', async () => {
    const result = await run(targetOf(SOUND), 20);
    const turned = JSON.parse(JSON.stringify(result), (_, value: unknown) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).reverse())
        : value,
    ) as RunResult;
    expect(resultJson(turned)).toBe(resultJson(result));
    expect(JSON.stringify(turned)).not.toBe(JSON.stringify(result));
  });
});

describe('colour', () => {
  const module = join(packageRoot(), 'dist/src/report/terminal.js');
  const script = `
    const { targetTable, summary } = await import(process.argv[1]);
    const target = { target: 'f', contract: 'c', cases: 1, executions: 1, replayed: 0, classes: { a: 0 }, findings: [], causes: [],
      problem: 'p', properties: [{ property: 'p', status: 'violated', cases: 1 }] };
    const run = { milliseconds: 1, casesPerSecond: 1, workers: 1 };
    console.log(targetTable(target, true), summary({ result: { seed: 's', runs: 1, targets: [target] }, run }));`;
  const print = (env: Record<string, string>): string =>
    execFileSync(process.execPath, ['--input-type=module', '-e', script, module], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      encoding: 'utf8',
    });
  plain('is printed where it is wanted, and not with NO_COLOR or into a pipe', () => {
    expect(existsSync(module)).toBe(true);
    const coloured = print({ FORCE_COLOR: '1' });
    expect(coloured).toContain('\x1b[31mVIOLATED\x1b[39m');
    for (const env of [{}, { NO_COLOR: '1' }, { NO_COLOR: '1', FORCE_COLOR: '1' }]) {
      expect(print(env)).not.toContain('\x1b');
      expect(print(env)).toBe(coloured.replaceAll(COLOURS, ''));
    }
  });
});

test.prop([
  fc.array(fc.tuple(fc.stringMatching(/^[a-z]{0,9}$/), fc.stringMatching(/^[a-z]{1,9}$/)), {
    minLength: 1,
    maxLength: 9,
  }),
])('a table has one line a row, and its columns stand under each other', (rows) => {
  const lines = plainTable(rows).split('\n');
  expect(lines).toHaveLength(rows.length);
  const width = 2 + Math.max(...rows.map(([first]) => first.length)) + 2;
  lines.forEach((line, index) => {
    expect(line.slice(width)).toBe(rows[index][1]);
    expect(line.slice(0, width).trim()).toBe(rows[index][0]);
  });
});

import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { createRunner } from '../run/open-runner.js';
import type { StubTarget } from '../run/target.js';
import { targetOf } from '../case/target-of-case.js';
import { endedAs, when } from '../clause/clause.js';
import { UsageError } from '../errors.js';
import {
  BLOCK_CONTRACT,
  call,
  external,
  load,
  madeImage,
  NOP,
  type Piece,
  pop,
  push,
  RET,
  SOUND,
  TEXT,
  UD2,
} from '../harness/made-function.test.helper.js';
import type { Image } from '../image/image.js';
import { CaseRunner } from '../judge/case-runner.js';
import { scenarios } from './arbitrary.js';
import { accountFor } from '../triage/account.js';
import { propertyOf } from '../triage/made-runner.test.helper.js';
import { shrinkFailure } from '../triage/shrink.js';
import { twinTarget } from '../triage/twins.test.helper.js';
import { recordTrace } from '../run/trace.js';
import { signatureKey, traceCase, Violations } from '../triage/signature.js';
import { compileContract } from '../contract/compiled.js';
import { type CaseFile } from './case-schema.js';
import { readCase, validateCase } from './case-file.js';
import { caseImage } from './case-image.js';
import { makeCase } from './make-case.js';
import { scenarioOf } from './scenario-of.js';
import { casesOf } from './stored-cases.js';
import { traceDigest } from './trace-digest.js';
import { caseName, writeCase } from './write-case.js';

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-case-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The shrunken case of the first failing scenario of a runner. */
function caseOfRunner(runner: CaseRunner, target: string): CaseFile {
  for (const scenario of fc.sample(scenarios(runner.space), { seed: 3, numRuns: 5000 })) {
    const violated = runner.run(scenario);
    if (violated <= 0) continue;
    const [signature] = new Violations(runner).signatures(violated);
    runner.run(shrinkFailure(runner, scenario, signature));
    return makeCase(runner, signature, traceCase(runner), { tool: '0.0.0', target, set: 'linux-6.4', found: null });
  }
  throw new Error('no scenario fails');
}

/** What a replay does, without the command line. */
function replay(file: CaseFile): { keys: string[]; digest: string; problem: string } {
  const image = caseImage(file, 'case.json');
  const runner = createRunner(targetOf(file, image, file.symbol) as StubTarget, file.code.size);
  const scenario = scenarioOf(file, runner.space.neutral);
  const keys = accountFor(runner, scenario).map(({ signature }) => signatureKey(signature));
  const { problem } = runner;
  return { keys, digest: traceDigest(recordTrace(runner.harness, scenario, 0)), problem };
}

const TWINS = [
  'derived-r10-5.19',
  'sti-missing-5.19',
  'store-beyond-block-5.19',
  'red-zone-5.19',
  'null-output-5.19',
  'leaf-upper-bits-stale-6.3',
  'retry-forever-6.3',
  'table-indexed-by-r10-6.3',
  'args-in-xmm0-6.3',
  'ac-left-set-6.3',
  'jump-through-r11-6.4',
  'missing-pop-6.7',
  'rsi-not-loaded-6.7',
  'no-fixup-seamcall-2023',
  'trap-number-alone-seamcall-2023',
  'seam-missing-scrub-rdx-6.7',
  'seam-missing-pop-on-exception-6.7',
];

describe('a case that was written replays', () => {
  test.each(TWINS)('twin %s: the same signature, the same trace', (id) => {
    const written = caseOfRunner(createRunner(twinTarget(id)), id);
    const path = writeCase(join(folder, 'twins'), written);
    const read = readCase(path);
    expect(read).toEqual(written);
    const { keys, digest, problem } = replay(read);
    if (read.expect === null) throw new Error('no signature');
    expect(problem).toBe('');
    expect(keys).toContain(signatureKey(read.expect));
    expect(digest).toBe(read.expect.trace);
  });

  test('with the fixups that the function has, and how its call ended', () => {
    const fixed = caseOfRunner(createRunner(twinTarget('trap-number-alone-seamcall-2023')), 'x');
    const entry = BigInt(fixed.code.entry);
    const [{ from, to, type }] = fixed.code.fixups ?? [];
    expect([BigInt(from) - entry, BigInt(to) - entry, type]).toEqual([0x18n, 0x55n, 2]);
    expect(fixed.code.fixups).toHaveLength(1);
    expect(fixed.answers).toMatchObject([
      { call: 'seamcall', outcome: 'generalProtection', registers: { rax: '0xd' } },
    ]);
    const untaken = caseOfRunner(createRunner(twinTarget('no-fixup-seamcall-2023')), 'x');
    expect(untaken.code).not.toHaveProperty('fixups');
    expect(untaken.answers).toEqual([{ call: 'seamcall', outcome: 'generalProtection', registers: {} }]);
    const scrub = caseOfRunner(createRunner(twinTarget('seam-missing-scrub-rdx-6.7')), 'x');
    expect(scrub.answers[0]).not.toHaveProperty('outcome');
    expect(scrub.answers[0].call).toBe('seamcall');
  });

  test('with the pages that the function needs, and no others', () => {
    const written = caseOfRunner(createRunner(twinTarget('derived-r10-5.19')), 'x');
    expect(written.code.pages).toHaveLength(1);
    expect(written.code.pages[0].permissions).toBe('r-x');
    // Trailing zeros are not stored.
    expect(Buffer.from(written.code.pages[0].base64, 'base64').at(-1)).not.toBe(0);
  });

  /** A case of an image judged by one clause. */
  const caseOfImage = (image: Image): CaseFile => {
    const [{ address, size }] = image.symbols;
    const property = propertyOf(when({ kind: 'caller-kept' }, endedAs('returned')));
    const code = { image, symbol: 'f', entry: address };
    return caseOfRunner(new CaseRunner(code, size, compileContract(BLOCK_CONTRACT, 'made'), [property]), 'made');
  };

  test('also when the function reaches across pages', () => {
    // The trap is the third byte of the second page.
    const filler = Array.from({ length: 0x1000 - 8 }, () => NOP);
    const image = madeImage([...filler, UD2], { base: TEXT + 10n });
    const file = caseOfImage(image);
    expect(file.code.pages).toHaveLength(2);
    expect(caseImage(file, 'x').segments).toHaveLength(1);
    // 4088 NOPs are more than the budget: what counts is that the case can be replayed at all.
    expect(replay(file).digest).toBe(file.expect?.trace);
  });

  test('and a neighbour that it called, which has its name again', () => {
    const pieces: Piece[] = [call(TEXT + 6n), RET, push('rax'), UD2];
    const image = madeImage(pieces);
    image.symbols[0].size = 6;
    image.symbols.push({ ...image.symbols[0], name: 'neighbour', address: TEXT + 6n, size: 3 });
    const file = caseOfImage(image);
    expect(file.expect?.place).toBe('neighbour+0x1');
    expect(file.code.symbols.map(({ name }) => name)).toEqual(['f', 'neighbour']);
  });

  test('where two functions have the name, with the one that was run', () => {
    const image = madeImage([UD2, RET]);
    image.symbols[0].size = 2;
    image.symbols.push({ ...image.symbols[0], address: TEXT + 2n, size: 1 });
    expect(replay(caseOfImage(image)).digest).toBe(caseOfImage(image).expect?.trace);
  });

  test('of an image with parts of one page, and one that is writable and executable', () => {
    const [text] = madeImage([load('rax', 'rdi'), UD2]).segments;
    const image: Image = {
      ...madeImage([load('rax', 'rdi'), UD2]),
      segments: [
        { ...text, write: true },
        { ...text, name: '.data', address: TEXT + 0x800n, bytes: Uint8Array.of(1, 2, 3), size: 3, execute: false },
      ],
    };
    const [page] = caseOfImage(image).code.pages;
    expect(page.permissions).toBe('r-x');
    const bytes = Buffer.from(page.base64, 'base64');
    expect([bytes.length, bytes[0x800], bytes[0]]).toEqual([0x803, 1, text.bytes[0]]);
    expect(replay(caseOfImage(image)).problem).toBe('');
  });
});

describe('names of files', () => {
  const written = caseOfRunner(createRunner(twinTarget('derived-r10-5.19')), 'x');
  test('are the tool’s own, whatever the case says', () => {
    for (const [target, property] of [
      ['../../etc/passwd', '../../../evil'],
      ['\x1b[2J', 'Upper/Case'],
      ['', ''],
    ]) {
      const file = { ...written, target, expect: written.expect && { ...written.expect, property } };
      expect(caseName(file)).toMatch(/^case-[0-9a-f]{10}\.json$/);
      expect(dirname(writeCase(folder, file))).toBe(folder);
    }
    expect(caseName(written)).toMatch(/^scrubs-host-values-[0-9a-f]{10}\.json$/);
  });
  test('differ for different signatures, and stay for the same', () => {
    expect(caseName({ ...written, scenario: {} })).toBe(caseName(written));
    const names = ['target', 'symbol'].map((key) => caseName({ ...written, [key]: 'y' }));
    expect(names[0]).not.toBe(caseName(written));
  });
  test('a folder that cannot be written is the user’s to mend', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => writeCase(join(folder, 'file', 'cases'), written)).toThrow(UsageError);
  });
});

describe('files that cannot be read as a case', () => {
  const at = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  test.each([
    ['no file', () => join(folder, 'absent.json'), /no such file/],
    ['a folder', () => folder, /give the path/],
    ['empty', () => at('empty.json', ''), /not JSON/],
    ['cut short', () => at('cut.json', '{"schema": "tdxfuzz/case/1", '), /not JSON/],
    ['null', () => at('null.json', 'null'), /not a case file/],
    ['a number', () => at('number.json', '5'), /not a case file/],
    ['a later schema', () => at('later.json', '{"schema": "tdxfuzz/case/2"}'), /not known to this version/],
    ['larger than any', () => at('huge.json', ' '.repeat((16 << 20) + 1)), /larger than any/],
    ['deeply nested', () => at('deep.json', '['.repeat(100_000)), /not JSON/],
  ])('%s', (_, path, message) => {
    const name = path();
    expect(() => readCase(name)).toThrow(UsageError);
    expect(() => readCase(name)).toThrow(message);
    expect(() => readCase(name)).toThrow(name);
  });
  test('a file that is a case is found in its folder, anything else there is named', () => {
    const own = mkdtempSync(join(tmpdir(), 'tdxfuzz-cases-'));
    const written = caseOfRunner(createRunner(twinTarget('derived-r10-5.19')), 'x');
    writeCase(own, written);
    writeFileSync(join(own, 'notes.txt'), 'not JSON');
    expect(casesOf(own).map(({ file }) => file)).toEqual([written]);
    symlinkSync(join(own, 'nowhere'), join(own, 'a.json'));
    expect(() => casesOf(own)).toThrow(UsageError);
    expect(casesOf(join(own, 'absent'))).toEqual([]);
    rmSync(own, { recursive: true });
  });
});

test('a sound function may be kept as a case too', () => {
  const runner = new CaseRunner(
    { image: madeImage(SOUND), symbol: 'f', entry: TEXT },
    30,
    compileContract(BLOCK_CONTRACT, 'made'),
    [],
  );
  runner.run(runner.space.neutral);
  const origin = { tool: '0', target: 'made/f', set: 'made', found: null };
  const file = makeCase(runner, undefined, traceCase(runner), origin);
  expect(file.expect).toBeNull();
  expect(file.scenario).toEqual({});
  expect(file.answers).toHaveLength(1);
  expect(validateCase(JSON.parse(JSON.stringify(file)), 'x')).toEqual(file);
});

test('a function of any length gives a case that can be read', () => {
  const filler = Array.from({ length: 0x1000 }, () => Array.from({ length: 0x11 }, () => 0x90));
  const image = madeImage([UD2, ...filler]);
  const runner = new CaseRunner(
    { image, symbol: 'f', entry: TEXT },
    image.symbols[0].size,
    compileContract(BLOCK_CONTRACT, 'made'),
    [propertyOf(endedAs('returned'))],
  );
  const file = validateCase(JSON.parse(JSON.stringify(caseOfRunner(runner, 'made'))), 'x');
  expect(file.code.size).toBe(0x10000);
  expect(replay(file).digest).toBe(file.expect?.trace);
});

test('what a case says of externals is what the run had', () => {
  const image = madeImage([push('rax'), pop('rax'), call(external(0)), UD2], { externals: ['__fentry__', 'unused'] });
  const runner = new CaseRunner({ image, symbol: 'f', entry: TEXT }, 9, compileContract(BLOCK_CONTRACT, 'made'), [
    propertyOf(endedAs('returned')),
  ]);
  const file = caseOfRunner(runner, 'made');
  expect(replay(file).digest).toBe(file.expect?.trace);
  expect(readFileSync(writeCase(folder, file), 'utf8')).toContain('__fentry__');
});

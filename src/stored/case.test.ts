import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { brokenTarget, imageCache } from '../campaign/targets/twin-targets.js';
import { endedAs, when } from '../clause/clause.js';
import type { StubProperty } from '../clause/property.js';
import { compileContract } from '../contract/compiled.js';
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
import { packageRoot } from '../package-info.js';
import { openRunner } from '../run/open-runner.js';
import type { Runner } from '../run/runner.js';
import { StubRunner } from '../run/stub-runner.js';
import { readManifest } from '../targets/manifest.js';
import { accountsOf } from '../finding/account.js';
import { propertyOf } from '../finding/made-runner.test.helper.js';
import { shrinkFailure } from '../finding/shrink.js';
import { signatureKey, Signatures } from '../finding/signature.js';
import { twinRunner } from '../finding/twins.test.helper.js';
import { cases } from '../case/arbitrary.js';
import { stepOf } from '../case/case.js';
import { readCase, validateCase } from './case-file.js';
import { caseImage } from './case-image.js';
import { type CaseFile } from './case-schema.js';
import { makeCase } from './make-case.js';
import { openCase } from './open-case.js';
import { casesOf } from './stored-cases.js';
import { caseName, writeCase } from './write-case.js';

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-case-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The shrunken case of the first failing one of a runner. */
function caseOfRunner(runner: Runner): CaseFile {
  for (const drawn of fc.sample(cases(runner.space), { seed: 3, numRuns: 5000 })) {
    const violations = runner.run(drawn) ?? [];
    if (violations.length === 0) continue;
    const [signature] = new Signatures(runner).of(violations);
    const simplest = shrinkFailure(runner, drawn, signature);
    runner.run(simplest);
    return makeCase(runner, simplest, signature, null);
  }
  throw new Error('no case fails');
}

/** What a replay does, without the command line. */
function replay(file: CaseFile): { keys: string[]; digest: string; problem: string } {
  const { runner, values } = openCase(file, 'case.json');
  const keys = accountsOf(runner, values).map(({ signature }) => signatureKey(signature));
  return { keys, digest: runner.digest(), problem: runner.problem };
}

/** The first function of a made image, judged by the given properties. */
function madeRunner(image: Image, properties: readonly StubProperty[], size?: number): StubRunner {
  const target = { name: 'made', symbol: 'f', set: 'made', contract: BLOCK_CONTRACT, image };
  const [symbol] = image.symbols;
  const code = { image, symbol: 'f', entry: symbol.address };
  const compiled = compileContract(BLOCK_CONTRACT, 'made');
  return new StubRunner(target, new CaseRunner(code, size ?? symbol.size, compiled, properties));
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
const PROGRAM_TWINS = [
  'helper-7.3-in-clears-rax',
  'seamcall-wrapper-6.8-retry-once-more',
  'dispatcher-eagain-is-invalid',
  'roundtrip-retry-from-the-start',
];
const MANIFEST = readManifest(packageRoot());
const IMAGES = imageCache(packageRoot());

/** The broken function of a twin, whatever kind it is. */
function brokenRunner(id: string): Runner {
  const twin = MANIFEST.find((candidate) => candidate.id === id);
  if (twin === undefined) throw new Error(`no twin ${id}`);
  return openRunner(brokenTarget(twin, IMAGES));
}

describe('a case that was written replays', () => {
  test.each([...TWINS, ...PROGRAM_TWINS])('twin %s: the same signature, the same trace', (id) => {
    const written = caseOfRunner(brokenRunner(id));
    expect(written.schema).toBe('tdxfuzz/case/2');
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
    const fixed = caseOfRunner(twinRunner('trap-number-alone-seamcall-2023'));
    const entry = BigInt(fixed.code.entry);
    const [{ from, to, type }] = fixed.code.fixups ?? [];
    expect([BigInt(from) - entry, BigInt(to) - entry, type]).toEqual([0x18n, 0x55n, 2]);
    expect(fixed.code.fixups).toHaveLength(1);
    expect(fixed.answers).toMatchObject([
      { call: 'seamcall', outcome: 'generalProtection', registers: { rax: '0xd' } },
    ]);
    const untaken = caseOfRunner(twinRunner('no-fixup-seamcall-2023'));
    expect(untaken.code).not.toHaveProperty('fixups');
    expect(untaken.answers).toEqual([{ call: 'seamcall', outcome: 'generalProtection', registers: {} }]);
    const scrub = caseOfRunner(twinRunner('seam-missing-scrub-rdx-6.7'));
    expect(scrub.answers[0]).not.toHaveProperty('outcome');
    expect(scrub.answers[0].call).toBe('seamcall');
  });

  test('with the pages that the function needs, and no others', () => {
    const written = caseOfRunner(twinRunner('derived-r10-5.19'));
    expect(written.code.pages).toHaveLength(1);
    expect(written.code.pages[0].permissions).toBe('r-x');
    // Trailing zeros are not stored.
    expect(Buffer.from(written.code.pages[0].base64, 'base64').at(-1)).not.toBe(0);
  });

  /** A case of an image judged by one clause. */
  const caseOfImage = (image: Image): CaseFile => {
    const property = propertyOf(when({ kind: 'caller-kept' }, endedAs('returned')));
    return caseOfRunner(madeRunner(image, [property]));
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
  const written = caseOfRunner(twinRunner('derived-r10-5.19'));
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
    expect(caseName({ ...written, steps: [{ action: 'call', values: {} }] })).toBe(caseName(written));
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
    ['a later schema', () => at('later.json', '{"schema": "tdxfuzz/case/3"}'), /not known to this version/],
    ['nothing but the schema', () => at('bare.json', '{"schema": "tdxfuzz/case/2"}'), /not a case file: /],
    ['larger than any', () => at('huge.json', ' '.repeat((16 << 20) + 1)), /16777217 bytes, at most 16777216 are read/],
    ['deeply nested', () => at('deep.json', '['.repeat(100_000)), /not JSON/],
  ])('%s', (_, path, message) => {
    const name = path();
    expect(() => readCase(name)).toThrow(UsageError);
    expect(() => readCase(name)).toThrow(message);
    expect(() => readCase(name)).toThrow(name);
  });
  test('a file that is a case is found in its folder, anything else there is named', () => {
    const own = mkdtempSync(join(tmpdir(), 'tdxfuzz-cases-'));
    const written = caseOfRunner(twinRunner('derived-r10-5.19'));
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
  const runner = madeRunner(madeImage(SOUND), [], 30);
  const neutral = [stepOf(runner.space.actions[0])];
  runner.run(neutral);
  const file = makeCase(runner, neutral, undefined, null);
  expect(file.expect).toBeNull();
  expect(file.steps).toEqual([{ action: 'call', values: {} }]);
  expect(file.answers).toHaveLength(1);
  expect(validateCase(JSON.parse(JSON.stringify(file)), 'x')).toEqual(file);
});

test('a function of any length gives a case that can be read', () => {
  const filler = Array.from({ length: 0x1000 }, () => Array.from({ length: 0x11 }, () => 0x90));
  const image = madeImage([UD2, ...filler]);
  const runner = madeRunner(image, [propertyOf(endedAs('returned'))]);
  const file = validateCase(JSON.parse(JSON.stringify(caseOfRunner(runner))), 'x');
  expect(file.code.size).toBe(0x10000);
  expect(replay(file).digest).toBe(file.expect?.trace);
});

test('what a case says of externals is what the run had', () => {
  const image = madeImage([push('rax'), pop('rax'), call(external(0)), UD2], { externals: ['__fentry__', 'unused'] });
  const file = caseOfRunner(madeRunner(image, [propertyOf(endedAs('returned'))], 9));
  expect(replay(file).digest).toBe(file.expect?.trace);
  expect(readFileSync(writeCase(folder, file), 'utf8')).toContain('__fentry__');
});

/** Targets of files that belong together: found by file and named by it, run with all of them in memory. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { assemble, type Piece, RET, set32, TDCALL } from '../../harness/made-function.test.helper.js';
import { writeArchive } from '../../image/archive-writer.test.helper.js';
import { CODE, writeElf } from '../../image/elf-writer.test.helper.js';
import { createRunner } from '../../run/open-runner.js';
import type { StubTarget } from '../../run/target.js';
import { type Selection, selectTargets } from './select-targets.js';

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-linked-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** CALL with its distance to be filled in. */
const CALL: Piece = [0xe8, 0, 0, 0, 0];
const STUB: readonly Piece[] = [set32('rcx', 0xfc00), TDCALL, RET];

/** An object with one function, and calls in it. */
function bytesOf(name: string, pieces: readonly Piece[], calls: readonly string[] = []): Uint8Array {
  const data = assemble(pieces);
  const symbols = [
    { name, section: '.text', size: BigInt(data.length), type: 2 },
    ...calls.map((callee) => ({ name: callee, section: 'UND' })),
  ];
  let at = -1;
  const relocations = calls.map((symbol) => {
    at = data.indexOf(0xe8, at + 1);
    return { section: '.text', offset: BigInt(at + 1), type: 4, symbol, addend: -4n };
  });
  return writeElf({ sections: [{ name: '.text', flags: CODE, align: 16, data }], symbols, relocations });
}

function put(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const select = (images: readonly string[], contract = 'auto', target: readonly string[] = []): Selection =>
  selectTargets({ images, contract, target, property: [], propertyNames: [] });
const names = ({ targets }: Selection): string[] => targets.map(({ name, set }) => `${name} ${set}`);

/** Why the neutral case of a target has no verdict, or empty. */
function problem({ targets: [target] }: Selection): string {
  const runner = createRunner(target as StubTarget);
  runner.run(runner.space.neutral);
  return runner.problem;
}

const calling = bytesOf('__tdx_hypercall', [CALL, ...STUB], ['helper']);
const helper = bytesOf('helper', [RET]);
const stub = put('stub.o', calling);
const other = put('helper.o', helper);

/** The code is nobody's: it is judged as what it is said to be. */
const SET = 'linux-5.19';

test('what one file leaves open another gives', () => {
  expect(problem(select([stub], SET))).toMatch(/external symbol helper/);
  const selection = select([stub, other], SET);
  expect(names(selection)).toEqual([`${stub}:__tdx_hypercall linux-5.19`]);
  expect(problem(selection)).toBe('');
  expect(selection.targets[0].image.externals).toEqual([]);
});

test('so does an archive, whole; one member of it does not', () => {
  const library = put(
    'lib.a',
    writeArchive(
      [
        ['lib.rmeta', Buffer.from('no')],
        ['stub.o', calling],
        ['helper.o', helper],
      ],
      'gnu',
    ),
  );
  const selection = select([library], SET);
  expect(names(selection)).toEqual(['__tdx_hypercall linux-5.19']);
  expect(selection.notes).toContain(`${library}: not read, since no object: lib.rmeta`);
  expect(problem(selection)).toBe('');
  expect(problem(select([`${library}(stub.o)`], SET))).toMatch(/external symbol helper/);
});

test('files that nothing connects are judged each by its own set, and named as ever', () => {
  const second = put('second.o', bytesOf('__tdcall', STUB));
  const found = select([put('first.o', bytesOf('__tdx_hypercall', STUB)), second], 'linux-5.19', [
    '__tdcall=linux-6.7/__tdcall',
  ]);
  expect(names(found)).toEqual([
    `${join(folder, 'first.o')}:__tdx_hypercall linux-5.19`,
    `${second}:__tdcall linux-6.7`,
  ]);
  expect(found.targets[0].image).not.toBe(found.targets[1].image);
});

test('a file without any function that a contract is for does not matter beside one that has some', () => {
  expect(names(select([other, stub], 'linux-5.19'))).toEqual([`${stub}:__tdx_hypercall linux-5.19`]);
  const alone = put('alone.o', bytesOf('alone', [CALL, RET], ['helper']));
  expect(() => select([alone, other])).toThrow(/alone\.o: fits no built-in contract set/);
  expect(() => select([alone, other], 'linux-5.19')).toThrow(/alone\.o: no function of linux-5\.19/);
});

test('files that define one name are two images, and a note says so', () => {
  const again = put('again.o', calling);
  const needing = put('needing.o', bytesOf('helper', [CALL, RET], ['__tdx_hypercall']));
  const { targets, notes } = select([stub, again, needing], 'auto', ['__tdx_hypercall=linux-5.19/__tdx_hypercall']);
  expect(targets.map(({ image }) => image.name)).toEqual([stub, again]);
  expect(notes).toContain(
    `${again}: defines __tdx_hypercall, and so does ${stub}; give one of the two; here each is an image of its own`,
  );
});

test('what a compiler made of a function is taken for it, and a note says so', () => {
  const clone = put('clone.o', bytesOf('mine.constprop.0', STUB));
  const { targets, notes } = select([clone], 'auto', ['mine=linux-5.19/__tdx_hypercall']);
  expect(targets.map(({ symbol }) => symbol)).toEqual(['mine.constprop.0']);
  expect(notes).toContain('--target mine: not in the image; the compiler made mine.constprop.0 of it, which is taken');
  const part = put('part.o', bytesOf('mine.part.0', STUB));
  expect(() => select([part], 'auto', ['mine=linux-5.19/__tdx_hypercall'])).toThrow(/nearest: mine\.part\.0/);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { PROPERTIES } from '../../../properties/all.js';
import { UsageError } from '../../errors.js';
import {
  assemble,
  load,
  move,
  type Piece,
  RET,
  SEAMCALL,
  set32,
  TDCALL,
} from '../../harness/made-function.test.helper.js';
import { CODE, writeElf } from '../../image/elf-writer.test.helper.js';
import { packageRoot } from '../../package-info.js';
import { createRunner } from '../../run/open-runner.js';
import type { StubTarget } from '../../run/target.js';
import { builtInStubs } from './built-in-targets.js';
import { type Selection, type SelectOptions, selectTargets } from './select-targets.js';

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-select-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** An object file with one function after another. */
function objectOf(name: string, functions: Readonly<Record<string, readonly Piece[]>>): string {
  const bytes: number[] = [];
  const symbols = Object.entries(functions).map(([symbol, pieces]) => {
    const value = BigInt(bytes.length);
    const code = assemble(pieces);
    bytes.push(...code);
    return { name: symbol, section: '.text', value, size: BigInt(code.length), type: 2, binding: 1 };
  });
  const file = { sections: [{ name: '.text', flags: CODE, align: 16, data: Uint8Array.from(bytes) }], symbols };
  const path = join(folder, name);
  writeFileSync(path, writeElf(file));
  return path;
}

const object = (path: string): string => join(packageRoot(), path);
const names = PROPERTIES.map(({ name }) => name);
const select = (images: readonly string[], more: Partial<SelectOptions> = {}): Selection =>
  selectTargets({ images, contract: 'auto', target: [], property: [], propertyNames: names, ...more });
const refused = (images: readonly string[], more: Partial<SelectOptions> = {}): string => {
  try {
    select(images, more);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    expect(error.message.split('\n')).toHaveLength(1);
    return error.message;
  }
  throw new Error('nothing was refused');
};
const chosen = ({ targets }: Selection): string[] => targets.map(({ name, set }) => `${name} ${set}`);

const HYPERCALL: readonly Piece[] = [set32('rcx', 0xfc00), TDCALL, RET];
const WIDE: readonly Piece[] = [set32('rcx', 0xffcc), TDCALL, RET];
/** `__tdcall` of linux-6.7. */
const TDCALL_OF_SIX: readonly Piece[] = [
  move('rax', 'rdi'),
  load('r11', 'rsi', 40),
  load('r10', 'rsi', 32),
  load('r9', 'rsi', 24),
  load('r8', 'rsi', 16),
  load('rdx', 'rsi', 8),
  load('rcx', 'rsi', 0),
  TDCALL,
  RET,
];

describe('which contracts an image is judged by', () => {
  test.each([
    ['guest-5.19', 'linux-5.19'],
    ['guest-6.3', 'linux-6.3'],
    ['guest-6.4', 'linux-6.4'],
    ['guest-6.7', 'linux-6.7'],
    ['guest-rfc-2021', 'linux-rfc-2021'],
    ['seamcall-2023', 'linux-seamcall-2023'],
    ['seamcall-6.7', 'linux-6.7'],
  ])('%s is recognised, every function of it', (name, set) => {
    const { targets, unjudged } = select([object(`corpus/targets/${name}.o`)]);
    expect(new Set(targets.map((target) => target.set))).toEqual(new Set([set]));
    const stubs = builtInStubs().filter((target) => target.name.startsWith(`${name}/`));
    expect(new Set(targets.map(({ symbol }) => symbol))).toEqual(new Set(stubs.map(({ symbol }) => symbol)));
    expect(unjudged).toEqual([]);
    for (const target of targets as StubTarget[])
      expect(createRunner(target).run(createRunner(target).space.neutral)).toBe(0);
  });

  test('stubs and programs of one image, each by the set that fits', () => {
    const of = (name: string): string[] => [
      ...new Set(select([object(`corpus/targets/${name}.o`)]).targets.map(({ set }) => set)),
    ];
    expect(of('helper-7.3')).toEqual(['linux-6.7', 'linux-helpers-7.3']);
    expect(of('helper-5.19')).toEqual(['linux-5.19', 'linux-helpers-5.19']);
    expect(of('helper-rfc-2021')).toEqual(['linux-rfc-2021', 'linux-helpers-rfc-2021']);
    expect(of('seamcall-wrapper-6.8')).toEqual(['linux-6.7', 'linux-6.8']);
    expect(of('seamcall-wrapper-2023')).toEqual(['linux-seamcall-2023']);
  });

  test('programs of several sets that fit alike are named', () => {
    expect(refused([object('corpus/targets/dispatcher-7.3.o')])).toMatch(
      /tdx_handle_exit fits kvm-6\.16, kvm-7\.2 and kvm-7\.3 alike; say which with --contract/,
    );
  });

  test('a function of another name whose shape a contract has in every detail', () => {
    const { targets, notes } = select([objectOf('exact.o', { my_tdcall: TDCALL_OF_SIX })]);
    expect(targets.map(({ symbol, set }) => `${symbol} ${set}`)).toEqual(['my_tdcall linux-6.7']);
    expect(notes).toEqual([expect.stringMatching(/my_tdcall has the shape of linux-6\.7\/__tdcall in every detail/)]);
  });

  test('a function of another name that is near to one is proposed, and not judged', () => {
    const near = TDCALL_OF_SIX.filter((_, index) => index !== 2);
    expect(refused([objectOf('near.o', { my_tdcall: near })])).toMatch(
      /my_tdcall has nearly the shape of linux-6\.7\/__tdcall \(\d+ %: R10 is r10, not \[rsi\+0x20\]\).*--target my_tdcall=linux-6\.7\/__tdcall/,
    );
  });

  test('a function with the right name and one mistake is judged', () => {
    const near = TDCALL_OF_SIX.filter((_, index) => index !== 2);
    const { targets, notes, unjudged } = select([objectOf('mistake.o', { __tdcall: near })]);
    expect(targets.map(({ set }) => set)).toEqual(['linux-6.7']);
    expect(notes).toEqual([expect.stringMatching(/__tdcall is taken for linux-6\.7\/__tdcall: \d+ %: R10 is r10/)]);
    expect(unjudged).toEqual([]);
  });

  test('one with the right name and another shape is not, and says so beside those that are', () => {
    const path = objectOf('mixed.o', { __tdcall: TDCALL_OF_SIX, __tdx_hypercall: WIDE });
    const { targets, unjudged } = select([path]);
    expect(targets.map(({ symbol }) => symbol)).toEqual(['__tdcall']);
    expect(unjudged).toEqual([expect.stringMatching(/__tdx_hypercall has the name of .* and another shape/)]);
    expect(refused([objectOf('wide.o', { __tdx_hypercall: WIDE })])).toMatch(
      /another shape .*; name one with --contract/,
    );
  });

  test('one whose callee is elsewhere', () => {
    const path = objectOf('caller.o', { __tdcall: TDCALL_OF_SIX, __tdx_hypercall: [RET] });
    expect(select([path]).unjudged).toEqual([expect.stringMatching(/reaches no TDCALL and no SEAMCALL here/)]);
  });

  test('none that fits', () => {
    expect(refused([objectOf('none.o', { other: [TDCALL, RET] })])).toMatch(/fits no built-in contract set/);
    expect(refused([objectOf('mask.o', { __tdx_hypercall: [set32('rcx', 0x1234), TDCALL, RET] })])).toMatch(/fits no/);
  });

  test('a dispatcher of another kind is refused in one line, also when it is asked for', () => {
    const path = objectOf('kvm.o', { tdx_handle_exit: [RET], tdx_vcpu_run: [RET], handle_cpuid: [RET] });
    const reason = /tdx_handle_exit.*has no tdx_complete_userspace and calls no host_\*/;
    expect(refused([path])).toMatch(/the image has no tdx_complete_userspace and calls no host_\*/);
    expect(refused([path], { contract: 'kvm-7.3' })).toMatch(reason);
    expect(refused([path], { target: ['tdx_handle_exit=kvm-7.3/one-exit'] })).toMatch(reason);
  });

  test('a set that was asked for is used, whatever the mask', () => {
    const path = objectOf('asked.o', { __tdx_hypercall: WIDE });
    expect(chosen(select([path], { contract: 'linux-5.19' }))).toEqual(['__tdx_hypercall linux-5.19']);
    const other = objectOf('other.o', { my_hypercall: WIDE });
    expect(refused([other], { contract: 'linux-5.19' })).toMatch(
      /no function of linux-5\.19 .*nearest: my_hypercall; .*--target SYMBOL=linux-5\.19/,
    );
    expect(refused([path], { contract: 'linux-6.33' })).toMatch(/no contract set linux-6\.33; nearest: .*linux-6\.3/);
  });

  test('a set of one’s own, from a file', () => {
    const contracts = {
      my_call: {
        source: 'mine',
        convention: 'sysv',
        instruction: 'tdcall',
        parameters: [],
        inputs: { rax: { constant: '0x0' }, rcx: { constant: '0x400' } },
        leaves: [0],
        outputs: { fields: {}, when: [] },
        returns: 'r10',
        onFailure: 'returns',
        scrubsHostValues: false,
        redZone: false,
        vectorState: 'untouched',
      },
    };
    const path = join(folder, 'mine.json');
    writeFileSync(path, JSON.stringify({ schema: 'tdxfuzz/contracts/1', name: 'mine', title: 'Mine', contracts }));
    const image = objectOf('mine.o', { my_call: [TDCALL, RET], alias: [TDCALL, RET] });
    expect(chosen(select([image], { contract: path }))).toEqual(['my_call mine']);
    expect(chosen(select([image], { target: [`alias=${path}/my_call`] }))).toEqual(['alias mine']);
    writeFileSync(path, '{');
    expect(refused([image], { contract: path })).toContain(path);
  });
});

describe('what else there is to know', () => {
  test('functions of the set that the image has not', () => {
    const { notes } = select([objectOf('part.o', { __tdx_hypercall: HYPERCALL })], { contract: 'linux-5.19' });
    expect(notes).toEqual([
      expect.stringMatching(/part\.o: linux-5\.19 also has __tdx_module_call; not in this image$/),
    ]);
  });

  test('TDCALL and SEAMCALL that no contract covers', () => {
    const path = objectOf('more.o', {
      __tdx_hypercall: HYPERCALL,
      __tdx_module_call: [TDCALL, RET],
      seam: [SEAMCALL, RET],
      another: [TDCALL, RET],
      harmless: [RET],
    });
    const { notes } = select([path], { contract: 'linux-5.19' });
    expect(notes).toEqual([expect.stringMatching(/TDCALL or SEAMCALL in another, seam: no contract covers it$/)]);
  });
});

describe('bindings', () => {
  const path = objectOf('bound.o', { mine: HYPERCALL, __tdx_module_call: [TDCALL, RET] });

  test('bind any symbol, and leave the rest alone', () => {
    const selection = select([path], { target: ['mine=linux-5.19/__tdx_hypercall'] });
    expect(chosen(selection)).toEqual(['mine linux-5.19']);
    expect(selection.notes).toEqual([expect.stringMatching(/__tdx_module_call: no contract covers it/)]);
  });

  test('add to the set that was asked for', () => {
    const target = ['mine=linux-6.3/__tdx_hypercall'];
    expect(chosen(select([path], { contract: 'linux-5.19', target }))).toEqual([
      'mine linux-6.3',
      '__tdx_module_call linux-5.19',
    ]);
  });

  test('win over the set for the same symbol', () => {
    const target = ['__tdx_module_call=linux-6.4/__tdx_module_call'];
    expect(chosen(select([path], { contract: 'linux-5.19', target }))).toEqual(['__tdx_module_call linux-6.4']);
  });

  test.each([
    ['mine=linux-5.19/__tdx_hypercal', /has no function __tdx_hypercal; nearest: __tdx_hypercall/],
    ['mine=linux-5.1/__tdx_hypercall', /no contract set linux-5\.1; nearest: linux-5\.19/],
    ['mine=__tdx_hypercall', /a contract is named SET\/FUNCTION/],
    ['min=linux-5.19/__tdx_hypercall', /no function "min"; nearest: mine/],
    ['=linux-5.19/__tdx_hypercall', /no function ""/],
    ['mine=', /SET\/FUNCTION/],
  ])('%s is refused', (target, message) => {
    expect(refused([path], { target: [target] })).toMatch(message);
  });

  test('without an image there is nothing to bind', () => {
    expect(refused([], { target: ['mine=linux-5.19/__tdx_hypercall'] })).toMatch(/needs an IMAGE/);
  });
});

describe('globs', () => {
  test('over the built-in targets', () => {
    const all = select([]).targets.map(({ name }) => name);
    expect(all.length).toBeGreaterThan(8);
    expect(new Set(all).size).toBe(all.length);
    const some = select([], { target: ['guest-6.4/*', '*/__tdcall'] }).targets.map(({ name }) => name);
    expect(some).toEqual(all.filter((name) => name.startsWith('guest-6.4/') || name.endsWith('/__tdcall')));
    expect(refused([], { target: ['guest-6.4/*', 'guest-6.5/*'] })).toMatch(
      /guest-6\.5\/\* matches no target; nearest: .*guest-6\.4\/\*/,
    );
  });

  test('over properties', () => {
    const { targets } = select([], { property: ['keeps-*', 'terminates'] });
    for (const { properties } of targets) {
      expect(properties).toEqual(names.filter((name) => name.startsWith('keeps-') || name === 'terminates'));
      expect(properties?.length).toBeGreaterThan(3);
    }
    expect(refused([], { property: ['keeps-stak'] })).toMatch(/matches no property; nearest: keeps-stack/);
    expect(select([]).targets[0].properties).toBeUndefined();
  });
});

describe('several images', () => {
  const a = objectOf('a.o', { __tdcall: TDCALL_OF_SIX });
  const b = objectOf('b.o', { __tdcall: TDCALL_OF_SIX });
  test('have their paths in the names', () => {
    const found = select([a, b]).targets.map(({ name }) => name);
    expect(found).toEqual([`${a}:__tdcall`, `${b}:__tdcall`]);
  });
  test('one that cannot be read is named', () => {
    expect(refused([a, join(folder, 'absent.o')])).toMatch(/absent\.o: no such file/);
    expect(refused([folder])).toMatch(/a directory/);
    writeFileSync(join(folder, 'text.o'), 'hello');
    expect(refused([join(folder, 'text.o')])).toMatch(/not an ELF, COFF or PE file/);
  });
});

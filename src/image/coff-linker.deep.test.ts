/**
 * Relocations of COFF against GNU ld: an object is loaded, then linked by ld with every section at the address that the
 * loader chose, and the bytes must be the same. Needs an ld with the emulation i386pep (and clang for some tests); says so
 * when they are absent.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { sampleCoff, type WrittenCoff, writeCoff } from './coff-writer.test.helper.js';
import { LOW_RANGE, TEXT_BASE } from './externals.js';
import type { Image } from './image.js';
import { parseImage } from './load.js';

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-coff-'));
afterAll(() => rmSync(folder, { recursive: true }));

function run(tool: string, ...args: string[]): string {
  return execFileSync(tool, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
}

function has(what: string, check: () => boolean): boolean {
  let there = false;
  try {
    there = check();
  } catch {
    // Not installed.
  }
  if (!there) console.warn(`src/image: tests of COFF against GNU ld are skipped, no ${what}`);
  return there;
}

const ld = has('ld with i386pep', () => run('ld', '-V').includes('i386pep') && run('objcopy', '-V') !== '');
const clang = has('clang', () => run('clang', '--version') !== '');

/** @returns how many bytes of contents are the same as ld's */
function compare(bytes: Uint8Array, what: string): number {
  writeFileSync(join(folder, 'object.obj'), bytes);
  const image = parseImage(bytes, what);
  expect(image.badPlaces, what).toBeUndefined();
  const linked = link(image);
  let compared = 0;
  for (const { name, bytes: ours } of image.segments) {
    if (ours.length === 0 || name === 'GOT') continue;
    run('objcopy', '-O', 'binary', '-j', outputName(name), linked, 'section');
    // Sections of an image are padded to the alignment of the file.
    const theirs = readFileSync(join(folder, 'section')).subarray(0, ours.length);
    expect(theirs.toString('hex'), `${what} ${name}`).toBe(Buffer.from(ours).toString('hex'));
    compared += ours.length;
  }
  return compared;
}

/** A name of up to 8 characters, which is what an image has room for. */
function outputName(name: string): string {
  return name === 'COMMON' ? '.common' : `.${Buffer.from(name).reduce((sum, byte) => (sum * 31 + byte) % 99991, 7)}`;
}

function link(image: Image): string {
  const base = image.segments[0].address >= TEXT_BASE ? TEXT_BASE : LOW_RANGE.text;
  const slots = image.segments.find(({ name }) => name === 'GOT')?.address ?? 0n;
  const sections = image.segments
    .filter(({ name }) => name !== 'GOT')
    .map(({ name, address }) => `"${outputName(name)}" ${address} : { *(${name}) }`);
  writeFileSync(join(folder, 'link.ld'), `SECTIONS {\n${sections.join('\n')}\n/DISCARD/ : { *(*) }\n}\n`);
  const defined = image.externals.map(({ name, address }) => `--defsym=${name}=${address}`);
  // One import is in one slot.
  const imported = image.externals.map(({ name }) => `--defsym=__imp_${name}=${slots}`);
  const options = ['-m', 'i386pep', '--image-base', `${base}`, '-T', 'link.ld', '-e', '0', '--disable-dynamicbase'];
  run('ld', ...options, ...defined, ...(slots === 0n ? [] : imported), '-o', 'linked.exe', 'object.obj');
  return join(folder, 'linked.exe');
}

/** The sample without the type that only low addresses do with, or with the alternative. */
function variant(low: boolean): WrittenCoff {
  const file = sampleCoff();
  const [, text] = file.sections;
  // GNU ld numbers the sections that it writes, and knows no object's numbers.
  text.relocations = text.relocations?.filter(({ type }) => type !== 10 && (low || type !== 2)) ?? [];
  // What another tool aligns at will.
  const symbols =
    file.symbols?.map((symbol) => (symbol.name === 'shared' ? { ...symbol, section: '.bss' } : symbol)) ?? [];
  return { ...file, symbols };
}

test.skipIf(!ld).each([
  ['low', variant(true)],
  ['high', variant(false)],
])('the sample, %s', (what, file) => {
  expect(compare(writeCoff(file), what)).toBe(64 + 32 + 16);
});

const SOURCE = `
extern int outside(int);
__declspec(dllimport) int imported(int);
static int counters[16];
int shared;
int *places[] = { &shared, counters, counters + 1 };
static int helper(int value) { counters[value & 15] += 3; return outside(value) + shared; }
int (*table[])(int) = { helper, outside };
__attribute__((weak)) int optional(int value) { return value; }
int first(int value) { shared = 77; return table[value & 1](value) + imported(helper(value)); }
int second(int value) {
  switch (value) {
    case 0: return first(1);
    case 1: return outside(2);
    case 2: return optional(3);
    case 3: return helper(4);
    case 4: return places[value - 2][0];
    default: return 0;
  }
}
`;

test.skipIf(!ld || !clang).each([
  ['x86_64-pc-windows-gnu', '-O0'],
  ['x86_64-pc-windows-gnu', '-O2'],
  ['x86_64-pc-windows-msvc', '-O1'],
  ['x86_64-unknown-uefi', '-O2', '-mcmodel=large'],
])('what clang makes of C for %s %s', (target, ...options) => {
  writeFileSync(join(folder, 'source.c'), SOURCE);
  run('clang', `--target=${target}`, ...options, '-fno-common', '-fdeclspec', '-c', 'source.c', '-o', 'compiled.obj');
  expect(compare(readFileSync(join(folder, 'compiled.obj')), `${target} ${options.join(' ')}`)).toBeGreaterThan(300);
});

test.skipIf(!ld || !clang)('an image linked at 0 and moved is what ld links for where it lies', () => {
  writeFileSync(join(folder, 'source.c'), SOURCE.replace('__declspec(dllimport) int imported', 'int imported'));
  const outside = 'int outside(int value) { return value; } int imported(int value) { return value + 1; }';
  writeFileSync(join(folder, 'outside.c'), outside);
  for (const name of ['source', 'outside'])
    run('clang', '--target=x86_64-pc-windows-gnu', '-O1', '-c', `${name}.c`, '-o', `${name}.obj`);
  const linked = (base: bigint): Image => {
    const options = ['-m', 'i386pep', '--image-base', `${base}`, '--dynamicbase', '-e', 'first', '--subsystem', '10'];
    run('ld', ...options, '-o', 'moved.efi', 'source.obj', 'outside.obj');
    return parseImage(readFileSync(join(folder, 'moved.efi')), 'moved.efi');
  };
  const [moved, there] = [linked(0n), linked(LOW_RANGE.text)];
  expect(moved.moved).toBe(LOW_RANGE.text);
  expect(there.moved).toBeUndefined();
  const contents = ({ segments }: Image): string[] =>
    segments
      .filter(({ name }) => name !== 'HEADERS')
      .map(({ name, address, size, bytes }) => `${name} ${address} ${size} ${Buffer.from(bytes).toString('hex')}`);
  expect(contents(moved)).toEqual(contents(there));
  expect(contents(moved).join()).toMatch(/\.data/);
  const places = ({ symbols }: Image): string[] =>
    symbols.filter(({ segment }) => segment !== '*ABS*').map(({ name, address }) => `${name} ${address}`);
  expect(places(moved)).toEqual(places(there));
});

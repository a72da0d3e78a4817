/**
 * Lines of source, against what binutils' addr2line says of the same files. Needs gcc or clang, and binutils; says so
 * when they are absent. Damaged tables need no tool.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect, test as plain } from 'vitest';
import { CODE, sampleExecutable, type WrittenFile, writeElf } from './elf-writer.test.helper.js';
import { ImageError, type Image } from './image.js';
import { sourceLine } from './line-table.js';
import { parseImage } from './load.js';
import { loadImage } from './open-images.js';
import { findFunction } from './symbols.js';

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-lines-'));
afterAll(() => rmSync(folder, { recursive: true }));

function has(...tools: string[]): boolean {
  const missing = tools.filter((tool) => {
    try {
      execFileSync(tool, ['--version'], { stdio: 'pipe' });
      return false;
    } catch {
      return true;
    }
  });
  if (missing.length > 0)
    console.warn(`src/image: line tables against addr2line are skipped, no ${missing.join(', ')}`);
  return missing.length === 0;
}
const binutils = has('addr2line', 'ld', 'readelf', 'strip');
const compilers = { gcc: has('gcc'), clang: has('clang') };

function run(tool: string, ...args: string[]): string {
  return execFileSync(tool, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
}

const C = `
#include "inline.h"
#include <stdint.h>
__attribute__((section(".other"))) int other(int value)
{
	return twice(value) - 3;
}

int first(uint64_t *words, int count)
{
	int sum = 0;
	for (int index = 0; index < count; index++) {
		if (words[index] > 7)
			sum += other((int)words[index]);
		else
			sum -= twice(sum);
	}
	return sum;
}
#line 5000 "elsewhere/generated.c"
int last(int value) { return first(0, value)
	+ 1; }
`;
const INLINE = `static inline __attribute__((always_inline)) int twice(int value)
{
	int result = value * 77;
	result ^= value;
	return result;
}
`;
const ASSEMBLY = `
	.text
	.globl	stub
	.type	stub, @function
stub:
	movq	%rdi, %rax
	.byte	0x66, 0x0f, 0x01, 0xcc

	.rept 3
	nop
	.endr
	ret
	.size	stub, . - stub
	.section .fixup, "ax"
	.globl	fixed
fixed:
	jmp	stub
`;
writeFileSync(join(folder, 'source.c'), C);
writeFileSync(join(folder, 'inline.h'), INLINE);
writeFileSync(join(folder, 'stub.s'), ASSEMBLY);

/** `path:line`, as addr2line has it, for each address; undefined where it has none. */
function addr2line(file: string, addresses: readonly bigint[], section?: string): (string | undefined)[] {
  const options = section === undefined ? [] : ['-j', section];
  const text = run('addr2line', '-e', file, ...options, ...addresses.map((address) => `0x${address.toString(16)}`));
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const found = /^(.*):(\d+)(?: \(discriminator \d+\))?$/.exec(line);
      return found === null || found[2] === '0' ? undefined : `${absolute(found[1])}:${found[2]}`;
    });
}

/** Versions below 5 have paths relative to the folder of the compiler, which is known here. */
const absolute = (path: string): string => posix.resolve(folder, path);

function ours(image: Image, address: bigint): string | undefined {
  const found = sourceLine(image, address);
  return found === undefined ? undefined : `${absolute(found.file)}:${found.line}`;
}

/** Compares every byte of code. @returns the lines that were there */
function compare(name: string): Set<string> {
  const image = loadImage(join(folder, name));
  const lines = new Set<string>();
  for (const segment of image.segments.filter(({ execute }) => execute)) {
    const offsets = Array.from({ length: segment.size }, (_, offset) => BigInt(offset));
    const inFile = image.format === 'elf-object' ? offsets : offsets.map((offset) => segment.address + offset);
    const theirs = addr2line(name, inFile, image.format === 'elf-object' ? segment.name : undefined);
    expect(theirs).toHaveLength(offsets.length);
    const found = offsets.map((offset) => ours(image, segment.address + offset));
    expect(found, `${name} ${segment.name}`).toEqual(theirs);
    for (const line of found) if (line !== undefined) lines.add(line);
  }
  return lines;
}

/** All files that code is from. */
function filesOf(image: Image): Set<string> {
  const files = new Set<string>();
  for (const { address, size, execute } of image.segments)
    for (let offset = 0; execute && offset < size; offset++) {
      const found = sourceLine(image, address + BigInt(offset));
      if (found !== undefined) files.add(found.file);
    }
  return files;
}

describe.each(['gcc', 'clang'] as const)('lines are those of addr2line, by %s', (compiler) => {
  const off = !binutils || !compilers[compiler];
  const build = (output: string, ...options: string[]): string => {
    run(compiler, '-fno-pic', '-ffreestanding', '-fno-asynchronous-unwind-tables', ...options, '-o', output);
    return output;
  };

  plain.skipIf(off).each(['-g', '-gdwarf-2', '-gdwarf-3', '-gdwarf-4', '-gdwarf-5'])('of an object, %s', (debug) => {
    for (const optimize of ['-O0', '-O2', '-Os']) {
      const lines = compare(build('object.o', '-c', 'source.c', optimize, debug));
      expect(lines.has(`${folder}/inline.h:3`)).toBe(true);
      expect([...lines].some((line) => /\/elsewhere\/generated\.c:500[01]$/.test(line))).toBe(true);
    }
  });

  plain.skipIf(off).each(['-gdwarf-4', '-gdwarf-5'])('of assembly, %s', (debug) => {
    const lines = compare(build('stub.o', '-c', 'stub.s', debug));
    for (const line of [6, 12, 17]) expect(lines.has(`${folder}/stub.s:${line}`)).toBe(true);
  });

  // Out of tree, as a kernel or cmake builds: before version 5 only .debug_info says in which folder.
  plain.skipIf(off).each(['-gdwarf-2', '-gdwarf-4', '-gdwarf-5', '-gdwarf-4 -gz=zlib', '-gdwarf-4 -gsplit-dwarf'])(
    'in another folder: %s',
    (debug) => {
      mkdirSync(join(folder, 'build'), { recursive: true });
      const options = ['-O2', '-c', ...debug.split(' '), '../source.c', '-o', 'out.o'];
      execFileSync(compiler, options, { cwd: join(folder, 'build'), stdio: 'pipe' });
      const there = (path: string): string => join(folder, path);
      const names = ['source.c', 'inline.h', 'build/elsewhere/generated.c'];
      expect(filesOf(loadImage(there('build/out.o')))).toEqual(new Set(names.map(there)));
      // A folder that was renamed away stays as it is: nothing says where it was.
      const renamed = [...options, `-fdebug-prefix-map=${folder}=.`];
      execFileSync(compiler, renamed, { cwd: there('build'), stdio: 'pipe' });
      expect(filesOf(loadImage(there('build/out.o')))).toEqual(new Set(names));
    },
  );

  plain.skipIf(off).each(['-gdwarf-4', '-gdwarf-5'])('of linked files, %s', (debug) => {
    const sections = '-ffunction-sections';
    build('object.o', '-c', 'source.c', '-O2', sections, debug);
    build('stub.o', '-c', 'stub.s', debug);
    run('ld', '-r', '-o', 'joined.o', 'object.o', 'stub.o');
    expect(compare('joined.o').size).toBeGreaterThan(10);
    run('ld', '-e', 'first', '-o', 'linked', 'object.o', 'stub.o');
    expect(compare('linked').size).toBeGreaterThan(10);
    // What the linker drops leaves its lines behind.
    run('ld', '-e', 'other', '--gc-sections', '-o', 'cut', 'object.o', 'stub.o');
    const cut = compare('cut');
    expect(cut.has(`${folder}/inline.h:3`)).toBe(true);
    expect(cut.has(`${folder}/stub.s:6`)).toBe(false);
  });

  plain.skipIf(off)('of a compressed section; none once stripped', () => {
    build('object.o', '-c', 'source.c', '-O0', '-g', '-gz=zlib');
    expect(run('readelf', '-SW', 'object.o')).toMatch(/ \.debug_line +PROGBITS .* C /);
    expect(compare('object.o').size).toBeGreaterThan(10);
    run('strip', '-g', 'object.o');
    expect(compare('object.o').size).toBe(0);
  });

  // The addr2line of binutils 2.40 finds nothing in what gcc 12 writes so.
  plain.skipIf(off || compiler === 'gcc')('of 64-bit DWARF', () => {
    expect(compare(build('object.o', '-c', 'source.c', '-O2', '-g', '-gdwarf64')).size).toBeGreaterThan(5);
  });
});

/** Little-endian bytes of a number. */
const little = (value: number, width: number): number[] =>
  Array.from({ length: width }, (_, index) => Math.floor(value / 2 ** (8 * index)) & 0xff);
const text = (value: string): number[] => [...Buffer.from(value), 0];

/** A unit around a header's tables and a program: opcode base 13, line base -5, line range 14. */
function unit(version: number, tables: readonly number[], program: readonly number[], lineRange = 14): number[] {
  const operands = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];
  const header = [1, ...(version >= 4 ? [1] : []), 1, 0xfb, lineRange, 13, ...operands, ...tables];
  const body = [
    ...little(version, 2),
    ...(version >= 5 ? [8, 0] : []),
    ...little(header.length, 4),
    ...header,
    ...program,
  ];
  return [...little(body.length, 4), ...body];
}

/** Two directories and two files; a version below 5 counts files from 1. */
const TABLES_4 = [...text('include'), 0, ...text('a.c'), 0, 0, 0, ...text('b.h'), 1, 0, 0, 0];
/** The same with the strings in place: formats of (path, string), and (path, string), (directory, data1). */
const TABLES_5 = [
  [1, 1, 0x08, 2, ...text('/build'), ...text('include')],
  [2, 1, 0x08, 2, 0x0b, 3, ...text('a.c'), 0, ...text('a.c'), 0, ...text('b.h'), 1],
].flat();
/** The same with offsets into .debug_line_str. */
const TABLES_5_STRINGS = [
  [1, 1, 0x1f, 2, ...little(0, 4), ...little(7, 4)],
  [2, 1, 0x1f, 2, 0x0f, 3, ...little(15, 4), 0, ...little(15, 4), 0, ...little(19, 4), 1],
].flat();
const LINE_STRINGS = '/build\0include\0a.c\0b.h\0';
const END_SEQUENCE = [0, 1, 1];
/** Line 10 of file 1 at 0, line 11 of file 2 at 4 (a special opcode), line 0 at 8, the end at 12. */
const PROGRAM = [
  [0, 9, 2, ...little(0, 8)],
  [3, 9, 1],
  [4, 2, 13 + 4 * 14 + (1 + 5)],
  [2, 4, 3, 0x75, 1],
  [9, 4, 0, ...END_SEQUENCE],
].flat();

/** An object with 16 bytes of code, and a line section whose first address is relocated to them. */
function objectWithLines(line: readonly number[], addressAt: number): WrittenFile {
  return {
    sections: [
      { name: '.text', flags: CODE, align: 16, data: new Uint8Array(16).fill(0x90) },
      { name: '.debug_line', data: Uint8Array.from(line) },
      { name: '.debug_line_str', data: Buffer.from(LINE_STRINGS) },
    ],
    symbols: [{ name: 'f', section: '.text', type: 2, size: 16n }],
    relocations: [{ section: '.debug_line', offset: BigInt(addressAt), type: 1, symbol: 'f' }],
  };
}

function written(version: number, tables: readonly number[], program: readonly number[] = PROGRAM, lineRange?: number) {
  const bytes = unit(version, tables, program, lineRange);
  return writeElf(objectWithLines(bytes, bytes.length - program.length + 3));
}

function linesOf(image: Image): (string | undefined)[] {
  const { address } = findFunction(image, 'f');
  return Array.from({ length: 16 }, (_, offset) => {
    const found = sourceLine(image, address + BigInt(offset));
    return found && `${found.file}:${found.line}`;
  });
}

const four = (line: string | undefined): (string | undefined)[] => [line, line, line, line];
const NONE = Array.from({ length: 16 }, () => undefined);
const expected = (prefix: string) => [
  ...four(`${prefix}a.c:10`),
  ...four(`${prefix}include/b.h:11`),
  ...four(undefined),
  ...four(undefined),
];

describe('a table written by hand', () => {
  plain.each([
    ['2', written(2, TABLES_4), ''],
    ['3', written(3, TABLES_4), ''],
    ['4', written(4, TABLES_4), ''],
    ['5', written(5, TABLES_5), '/build/'],
    ['5 with .debug_line_str', written(5, TABLES_5_STRINGS), '/build/'],
  ])('version %s', (_version, bytes, prefix) => {
    expect(linesOf(parseImage(bytes, 'made.o'))).toEqual(expected(prefix));
  });

  plain('const_add_pc advances as the special opcode 255 does', () => {
    // With a line range of 242 this is one byte: (255 - 13) / 242.
    const program = [...PROGRAM.slice(0, 14), 8, 8, 3, 5, 1, 9, 6, 0, ...END_SEQUENCE];
    const lines = linesOf(parseImage(written(4, TABLES_4, program, 242), 'made.o'));
    expect(lines).toEqual(['a.c:10', 'a.c:10', ...Array.from({ length: 6 }, () => 'a.c:15'), ...NONE.slice(8)]);
  });

  plain('sequences stand in any order, and what lies between them has no line', () => {
    const sequence = (address: number, line: number): number[] =>
      [[0, 9, 2], little(address, 8), [3, line - 1, 1], [2, 4], END_SEQUENCE].flat();
    const file = sampleExecutable();
    const program = [...sequence(0x401000, 1), ...sequence(0x401010, 2), ...sequence(0x401008, 3)];
    file.sections.push({ name: '.debug_line', data: Uint8Array.from(unit(4, TABLES_4, program)) });
    const image = parseImage(writeElf(file), 'made');
    const line = (offset: bigint): number | undefined => sourceLine(image, 0x401000n + offset)?.line;
    expect([0n, 3n, 4n, 7n, 8n, 11n, 12n, 15n, 16n, 19n, 20n].map(line)).toEqual(
      [
        [1, 1, undefined, undefined],
        [3, 3, undefined, undefined],
        [2, 2, undefined],
      ].flat(),
    );
  });

  plain('has no line for an address in no code', () => {
    const image = parseImage(written(4, TABLES_4), 'made.o');
    for (const address of [0n, 1n, findFunction(image, 'f').address - 1n, (1n << 64n) - 1n])
      expect(sourceLine(image, address)).toBeUndefined();
  });

  plain('names are escaped, and one that is too long is none', () => {
    const evil = [...text('x\x1b[2J\n<script>'), 0, 0, 0, ...text('y'), 0, 0, 0, 0];
    expect(linesOf(parseImage(written(4, [0, ...evil]), 'made.o'))[0]).toBe('x\\x1b[2J\\x0a<script>:10');
    const long = [...text('\x01'.repeat(2000)), 0, 0, 0, ...text('y'), 0, 0, 0, 0];
    const lines = linesOf(parseImage(written(4, [0, ...long]), 'made.o'));
    expect([lines[0], lines[4]]).toEqual([undefined, 'y:11']);
  });
});

describe('damaged debug sections count as absent', () => {
  plain.each<[string, Uint8Array]>([
    ['a version that nobody knows', written(6, TABLES_5)],
    ['a division by zero', written(4, TABLES_4, [...PROGRAM.slice(0, 11), 13, 14, ...PROGRAM.slice(11)], 0)],
    ['2^49 directories of no bytes', written(5, [0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1, 0, 0])],
    ['2^49 directories', written(5, [1, 1, 0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1, 0, 0])],
    ['a form that nobody knows', written(5, [1, 1, 0x77, 1, 0, 0, 0])],
    [
      'a number without end',
      written(4, TABLES_4, [...PROGRAM.slice(0, 11), 2, ...Array.from({ length: 40 }, () => 0xff)]),
    ],
    ['an address of three bytes', written(4, TABLES_4, [0, 4, 2, 0, 0, 0, ...PROGRAM.slice(11)])],
  ])('%s', (_what, bytes) => {
    expect(linesOf(parseImage(bytes, 'made.o'))).toEqual(NONE);
  });

  plain('a damaged unit leaves the next one alone', () => {
    const bad = unit(4, TABLES_4, PROGRAM, 0);
    const good = unit(4, TABLES_4, PROGRAM);
    const at = bad.length + good.length - PROGRAM.length + 3;
    expect(linesOf(parseImage(writeElf(objectWithLines([...bad, ...good], at)), 'made.o'))).toEqual(expected(''));
  });
});

const SAMPLES = [written(4, TABLES_4), written(5, TABLES_5), written(5, TABLES_5_STRINGS)];
if (binutils && compilers.gcc) {
  run('gcc', '-c', '-g', '-O2', '-fno-asynchronous-unwind-tables', 'source.c', '-o', 'sample.o');
  run('gcc', '-c', '-g', '-gz=zlib', '-O2', '-fno-asynchronous-unwind-tables', 'source.c', '-o', 'packed.o');
  SAMPLES.push(readFileSync(join(folder, 'sample.o')), readFileSync(join(folder, 'packed.o')));
}
/** How many mutants had lines and had none: both must happen, or the test says little. */
const seen = { lines: 0, none: 0 };

function survive(bytes: Uint8Array): void {
  let image: Image;
  try {
    image = parseImage(bytes, 'hostile');
  } catch (error) {
    if (error instanceof ImageError) return;
    throw error;
  }
  let any = false;
  for (const { address, size, execute } of image.segments) {
    if (!execute) continue;
    for (let offset = 0; offset < Math.min(size, 64); offset += 3) {
      const found = sourceLine(image, address + BigInt(offset));
      if (found === undefined) continue;
      any = true;
      expect(found.line).toBeGreaterThan(0);
      expect(found.file.length).toBeLessThanOrEqual(4096);
      // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
      expect(found.file).not.toMatch(/[\u0000-\u001f]/);
    }
  }
  seen[any ? 'lines' : 'none']++;
}

const position = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const change = fc.tuple(position, fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)));
test.prop([fc.nat(SAMPLES.length - 1), fc.array(change, { minLength: 1, maxLength: 8 })], { numRuns: 5000 })(
  'flipped bytes never throw',
  (sample, changes) => {
    const bytes = Uint8Array.from(SAMPLES[sample]);
    for (const [at, value] of changes) bytes[Math.floor(at * bytes.length)] = value;
    survive(bytes);
  },
);

const run8 = fc.array(fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 9, 0x80, 0xff)), { minLength: 1, maxLength: 60 });
test.prop([run8, fc.constantFrom(TABLES_4, TABLES_5), fc.constantFrom(2, 4, 5)], { numRuns: 3000 })(
  'programs of any bytes never throw',
  (program, tables, version) => {
    survive(written(version, tables, [...PROGRAM.slice(0, 14), ...program, ...END_SEQUENCE]));
  },
);

test.prop([run8, fc.constantFrom(2, 4, 5)], { numRuns: 2000 })('tables of any bytes never throw', (tables, version) => {
  survive(written(version, tables));
});

plain('both answers were seen', () => {
  expect(seen.lines).toBeGreaterThan(1000);
  expect(seen.none).toBeGreaterThan(1000);
});

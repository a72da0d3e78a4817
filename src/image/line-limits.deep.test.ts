/** Line tables at their limits that take seconds, and thousands of damaged ones of real compilers. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import seedrandom from 'seedrandom';
import { afterAll, describe, expect, test } from 'vitest';
import { readElfFile } from './elf-file.js';
import { ImageError, type Image } from './image.js';
import { lineWork, sourceLine } from './line-table.js';
import { parseImage } from './load.js';
import { ADDRESS, END, line, many, setAddress, unit, withLines } from './made-lines.test.helper.js';

/** A hang is noticed. What is counted takes some seconds. */
const PATIENCE = { timeout: 60_000 };

describe('limits', () => {
  test('of steps', PATIENCE, () => {
    // const_add_pc, one byte each.
    const made = withLines(many(2, unit(Buffer.alloc(70_000_000, 8))));
    expect(line(made)).toBeUndefined();
    expect(lineWork(made)).toMatchObject({ units: 2, steps: 2 ** 27 + 1, isTooMuch: true });
  });

  test('of sequences', PATIENCE, () => {
    const sequence = Buffer.concat([setAddress(ADDRESS), Buffer.from([3, 6, 1, 2, 16]), END]);
    expect(line(withLines(unit(many(100_000, sequence))))).toBe('a.c:7');
    expect(lineWork(withLines(unit(many(530_000, sequence)))).isTooMuch).toBe(true);
  });
});

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-mutants-'));
afterAll(() => rmSync(folder, { recursive: true }));
const SOURCE = `static inline int twice(int value) { return value * 77; }
int first(int value) {
  if (value > 3) return twice(value);
  return -value; }
int last(int value) { return first(value) + twice(value); }
`;

/** One object for each form of debug information that this compiler knows. */
function objects(compiler: string): [string, Uint8Array][] {
  writeFileSync(join(folder, 'a.c'), SOURCE);
  const forms = [
    '-gdwarf-2',
    '-gdwarf-4',
    '-gdwarf-5',
    '-g -gz=zlib',
    '-g -gz=zstd',
    '-g -gdwarf64',
    '-g -gsplit-dwarf',
  ];
  return forms.flatMap((form): [string, Uint8Array][] => {
    try {
      execFileSync(compiler, ['-O2', '-c', ...form.split(' '), 'a.c', '-o', 'a.o'], { cwd: folder, stdio: 'pipe' });
    } catch {
      console.warn(`src/image: damaged lines of ${compiler} ${form} are skipped: it does not make them`);
      return [];
    }
    return [[`${compiler} ${form}`, new Uint8Array(readFileSync(join(folder, 'a.o')))]];
  });
}

/** Changes up to eight bytes of the sections that lines are read from: to any value, or to one that is often a limit. */
function mutant(original: Uint8Array, random: () => number): Uint8Array {
  const bytes = original.slice();
  const debug = readElfFile(original, 'a.o').sections.filter(({ name, size }) => name.includes('debug_') && size > 0);
  for (let left = 1 + Math.floor(random() * 8); left > 0; left--) {
    const { offset, size } = debug[Math.floor(random() * debug.length)];
    const limits = [0, 1, 2, 0x7f, 0x80, 0xff];
    const value = random() < 0.5 ? limits[Math.floor(random() * limits.length)] : Math.floor(random() * 256);
    bytes[offset + Math.floor(random() * size)] = value;
  }
  return bytes;
}

function linesOf(image: Image): number {
  let lines = 0;
  for (const { address, size, execute } of image.segments)
    for (let offset = 0; execute && offset < size; offset++) {
      const found = sourceLine(image, address + BigInt(offset));
      if (found === undefined) continue;
      lines++;
      expect(found.line).toBeGreaterThan(0);
      expect(found.file.length).toBeLessThanOrEqual(4096);
    }
  return lines;
}

const all = ['gcc', 'clang'].flatMap(objects);
test.skipIf(all.length === 0)('5,000 damaged tables: lines or none, never an error', { timeout: 300_000 }, () => {
  const random = seedrandom('damaged lines');
  const seen = { some: 0, none: 0, refused: 0 };
  for (let index = 0; index < 5000; index++) {
    const [name, original] = all[index % all.length];
    try {
      seen[linesOf(parseImage(mutant(original, random), name)) > 0 ? 'some' : 'none']++;
    } catch (error) {
      // Relocations of debug sections are read with the others.
      if (!(error instanceof ImageError)) throw error;
      seen.refused++;
    }
  }
  expect(seen.some).toBeGreaterThan(500);
  expect(seen.none).toBeGreaterThan(500);
});

/** Small sound files of every form, and damage to them: what is opened must be an image or one line of refusal, soon. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { writeArchive } from './archive-writer.test.helper.js';
import { sampleExecutable, sampleObject, words, writeElf, type WrittenFile } from './elf-writer.test.helper.js';
import { check, orRefused } from './hostile.test.helper.js';
import { openImages } from './open-images.js';

/** Milliseconds that one file may take, on a machine with other work. */
const MOST_TIME = 10_000;

/** An object with a COMDAT group, an IFUNC, and relocations that cannot be applied. */
export function richObject(): WrittenFile {
  const file = sampleObject();
  file.sections.push({ name: '.group', type: 17, data: words(1, 1, 2), link: 7, info: 3, entrySize: 4 });
  file.symbols?.push({ name: 'chosen', section: '.text', type: 10 }, { name: 'local', section: '.data', type: 6 });
  file.relocations?.push(
    { section: '.text', offset: 52n, type: 23, symbol: 'local' },
    { section: '.text', offset: 56n, type: 4, symbol: 'chosen', addend: -4n },
    { section: '.data', offset: 28n, type: 10, symbol: 'first' },
  );
  return file;
}

/** Forms of files, each small. */
export const FORMS = ['object', 'executable', 'archive', 'bsd archive', 'thin archive'] as const;
export type Form = (typeof FORMS)[number];

/** The sound file of a form. What a thin archive refers to is put into the folder. */
export function soundFile(form: Form, folder: string): Uint8Array {
  const object = writeElf(richObject());
  const second = writeElf({
    ...sampleObject(),
    symbols: (sampleObject().symbols ?? []).map((symbol) => ({ ...symbol, name: `${symbol.name}2` })),
    relocations: [],
  });
  if (form === 'object') return object;
  if (form === 'executable') return writeElf(sampleExecutable());
  if (form !== 'thin archive')
    return writeArchive(
      [
        ['lib.rmeta', Buffer.from('odd')],
        ['a.o', object],
        ['a-name-of-more-than-fifteen.o', second],
      ],
      form === 'archive' ? 'gnu' : 'bsd',
    );
  mkdirSync(join(folder, 'sub'), { recursive: true });
  writeFileSync(join(folder, 'a.o'), object);
  writeFileSync(join(folder, 'sub', 'b.o'), second);
  return writeArchive(
    [
      ['a.o', object],
      ['sub/b.o', second],
    ],
    'thin',
  );
}

/** Opens a file as a user would. @returns whether it was accepted */
export function survives(bytes: Uint8Array, folder: string): boolean {
  const path = join(folder, 'hostile');
  writeFileSync(path, bytes);
  const start = performance.now();
  const opened = orRefused(() => openImages([path]));
  for (const { image } of opened?.files ?? []) check(image);
  for (const note of opened?.notes ?? []) expect(note).toMatch(/^[^\n]{1,1500}$/);
  expect(performance.now() - start).toBeLessThan(MOST_TIME);
  return opened !== undefined;
}

/** Random numbers below a limit, the same for the same seed (mulberry32). */
function numbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const EDGES = [0, 1, 7, 8, 24, 0x7f, 0x80, 0xff];

/** The file with up to eight changes: bytes, fields at the edge of their range, digits, and copies of other places. */
export function mutated(sound: Uint8Array, seed: number): Uint8Array {
  const below = numbers(seed);
  const bytes = sound.slice();
  for (let left = 1 + below(8); left > 0; left--) {
    const at = below(bytes.length);
    const kind = below(5);
    if (kind === 0) bytes[at] = below(256);
    else if (kind === 1) bytes.fill(EDGES[below(EDGES.length)], at, at + (1 << below(4)));
    else if (kind === 2) bytes[at] ^= 1 << below(8);
    else if (kind === 3) bytes.copyWithin(at, below(bytes.length), below(bytes.length) + below(64));
    // What stands in the headers of an archive is text.
    else bytes[at] = 0x2f + below(11);
  }
  return bytes;
}

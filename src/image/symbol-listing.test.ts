/** Names from a listing of the build: every format, beside a stripped PE image. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { samplePe, type WrittenPe, writePe } from './coff-writer.test.helper.js';
import type { Image } from './image.js';
import { readListing } from './listing-formats.js';
import { loadImage } from './open-images.js';

const folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-listing-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

/** Loads a stripped image with this text beside it. */
function load(text: string, changes: Partial<WrittenPe> = {}, ending = '.map'): Image {
  const stem = join(folder, `image${files++}`);
  writeFileSync(`${stem}.efi`, writePe({ ...samplePe(), symbols: [], ...changes }));
  writeFileSync(`${stem}${ending}`, text);
  return loadImage(`${stem}.efi`);
}

const AT_ZERO: Partial<WrittenPe> = { base: 0n, directories: {} };
const MOVED = 0x41000000n;

/** Names, where they lie from the image's base, sizes. */
function names({ symbols, base = 0n }: Image): unknown[] {
  return symbols.map(({ name, address, size, global }) => [name, address - base, size, global]);
}

const MICROSOFT = ` sample

 Timestamp is 6b0e33c8 (Tue Dec  1 02:41:12 2026)

 Preferred load address is 0000000140000000

 Start         Length     Name                   Class
 0001:00000000 00000030H .text                   CODE

  Address         Publics by Value              Rva+Base               Lib:Object

 0000:00000000       __guard_flags              0000000000000000     <absolute>
 0001:00000000       TdCall                     0000000140001000 f   tdx:TdCall.obj
 0001:00000010       ?method@@YAXXZ             0000000140001010 f i tdx:b.obj

 entry point at         0001:00000000

 Static symbols

 0001:00000008       TdCall.exit                0000000140001008     tdx:TdCall.obj
 0001:00000020       file.helper                0000000140001020     b.obj
 0001:00000028       TdCall.second              0000000140001028 f   b.obj
 0002:00000000       counter                    0000000140002000     c.obj
`;

const GNU = `Discarded input sections

 .text.gone     0x0000000000000000       0x10 a.o

Linker script and memory map

LOAD a.o
                0x0000000000001000                . = ALIGN (0x1000)
                0x0000000000000000                __image_base__ = 0x0

.text           0x0000000000001000       0x30
 *(.text .text.*)
 .text.TdCall   0x0000000000001000       0x10 a.o
                0x0000000000001000                TdCall
 .text.unlikely.helper
                0x0000000000001010       0x20 a.o
 .text          0x0000000000001030        0x0 b.o
 *fill*         0x0000000000001030        0x0 
                [!provide]                        PROVIDE (etext = .)
.data           0x0000000000002000       0x10
                0x0000000000002008                datum
`;

const LLD = `             VMA              LMA     Size Align Out     In      Symbol
            1000             1000       30    16 .text
            1000             1000       10    16         a.o:(.text.TdCall)
            1000             1000       10     1                 TdCall
            2008             2008        8     1                 datum
`;

const LLDMAP = `Address  Size     Align Out     In      Symbol
00001000 00000030  4096 .text
00001000 00000030    16         c.obj:(.text)
00001000 00000000     0                 TdCall
`;

describe('a link map', () => {
  test('of Microsoft’s linker', () => {
    const expected = [
      ['exported', 0x1010n, 0, true],
      ['TdCall', 0x1000n, 0, true],
      ['?method@@YAXXZ', 0x1010n, 0, true],
      // A local label of NASM; the others begin functions.
      ['TdCall.exit', 0x1008n, 0, false],
      ['file.helper', 0x1020n, 0, true],
      ['TdCall.second', 0x1028n, 0, true],
      ['counter', 0x2000n, 0, true],
    ];
    expect(names(load(MICROSOFT))).toEqual(expected);
    // With the ends of lines that Windows writes.
    expect(names(load(MICROSOFT.replaceAll('\n', '\r\n')))).toEqual(expected);
    // Written for another base than the file has now.
    expect(names(load(MICROSOFT, { base: 0x180000000n }))).toEqual(expected);
  });

  test('of GNU ld', () => {
    const image = load(GNU, AT_ZERO);
    expect(image.moved).toBe(MOVED);
    expect(names(image)).toEqual([
      ['TdCall', 0x1000n, 0, true],
      ['datum', 0x2008n, 0, true],
      ['helper', 0x1010n, 0x20, true],
    ]);
  });

  test('of lld, for ELF and for COFF', () => {
    expect(names(load(LLD, AT_ZERO))).toEqual([
      ['TdCall', 0x1000n, 16, true],
      ['datum', 0x2008n, 8, true],
    ]);
    // Counted from the base, wherever that is.
    expect(names(load(LLDMAP, { directories: {} }))).toEqual([['TdCall', 0x1000n, 0, true]]);
  });
});

test.each([
  ['BSD', '0000000140001000 T TdCall\n0000000140001008 t TdCall.loop\n                 U outside\n'],
  ['BSD with sizes', '0000000140001000 0000000000000000 T TdCall\n0000000140001008 t TdCall.loop\n'],
  ['POSIX', 'TdCall T 140001000 \nTdCall.loop t 140001008 0\noutside U\n'.replaceAll(' \n', '\n')],
  ['BSD from the base', 'a.obj:\n00001000 T TdCall\n00001008 t TdCall.loop\n'],
])('the output of nm: %s', (_form, text) => {
  expect(names(load(text, { directories: {} }, '.efi.nm'))).toEqual([
    ['TdCall', 0x1000n, 0, true],
    ['TdCall.loop', 0x1008n, 0, false],
  ]);
});

test('an image with names of its own keeps to them', () => {
  const own = samplePe().symbols ?? [];
  expect(load(MICROSOFT, { symbols: own }).symbols.map(({ name }) => name)).not.toContain('TdCall');
});

test('a listing of another image is refused', () => {
  expect(() => load('0000000000501000 T TdCall\n', { directories: {} }, '.sym')).toThrow(
    /image\d+\.sym: none of its 1 symbols lies in the code of .*image\d+\.efi; give the listing of the same build, or take it away$/,
  );
});

test('what is no listing is none', () => {
  for (const text of [
    '',
    '{"version":3}',
    'a T 10\n'.padEnd(400, 'text that says nothing\n'),
    ' '.repeat(100_000),
    '\0',
  ])
    expect(readListing(text), text.slice(0, 20)).toBeUndefined();
});

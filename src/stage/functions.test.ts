import { describe, expect, test } from 'vitest';
import { SECTION_FLAG } from '../image/elf-constants.js';
import { CODE, DATA, writeElf, type WrittenSymbol } from '../image/elf-writer.test.helper.js';
import type { Image } from '../image/image.js';
import { parseImage } from '../image/load.js';
import { findFunction } from '../image/symbols.js';
import { functionExtent, symbolAt, symbolicName } from './functions.js';

const BASE = 0xffffffff81000000n;

/** An object with 256 bytes of code at BASE and 64 of data at BASE + 0x2000. */
function image(...symbols: WrittenSymbol[]): Image {
  const sections = [
    { name: '.text', flags: CODE, data: new Uint8Array(256) },
    { name: '.data', flags: DATA, data: new Uint8Array(64) },
  ];
  return parseImage(writeElf({ sections, symbols }), 'stub.o');
}

function code(name: string, value: bigint, size = 0n, type = 2, binding = 1): WrittenSymbol {
  return { name, section: '.text', value, size, type, binding };
}

test('an unknown extent ends at the next symbol or at the end of the section', () => {
  const stub = image(code('sized', 0n, 24n), code('open', 0x40n), code('alias', 0x40n), code('last', 0x80n), {
    name: 'datum',
    section: '.data',
  });
  const extent = (name: string): { address: bigint; size: number } => functionExtent(stub, findFunction(stub, name));
  expect(extent('sized')).toEqual({ address: BASE, size: 24 });
  expect(extent('open')).toEqual({ address: BASE + 0x40n, size: 0x40 });
  expect(extent('alias')).toEqual({ address: BASE + 0x40n, size: 0x40 });
  expect(extent('last')).toEqual({ address: BASE + 0x80n, size: 0x80 });
});

test('refuses an extent outside of memory', () => {
  const stub = image(code('long', 0xf0n, 17n), code('beyond', 0x100n));
  expect(() => functionExtent(stub, findFunction(stub, 'long'))).toThrow(/"long" reaches past the end of \.text/);
  expect(() => functionExtent(stub, stub.symbols[1])).toThrow(/"beyond" at 0xffffffff81000100 is in no segment/);
});

test('finds the symbol that an address belongs to', () => {
  const stub = image(
    code('before', 0x08n, 0n, 0),
    code('outer', 0x10n, 0x40n),
    code('label', 0x20n, 0n, 0),
    code('zz_alias', 0x60n, 0x10n, 0),
    code('function', 0x60n, 0x10n),
    code('tail', 0x80n, 0n, 0),
    { name: 'datum', section: '.data', value: 4n, size: 4n, type: 1 },
  );
  const at = (offset: bigint): string | undefined => {
    const found = symbolAt(stub, BASE + offset);
    return found && `${found.symbol.name}+${found.offset}`;
  };
  expect(at(0n)).toBeUndefined();
  expect(symbolicName(stub, BASE)).toBeUndefined();
  expect(at(0x0an)).toBe('before+2');
  expect(at(0x10n)).toBe('outer+0');
  expect(at(0x21n)).toBe('outer+17');
  expect(symbolicName(stub, BASE + 0x21n)).toBe('outer+0x11');
  expect(at(0x4fn)).toBe('outer+63');
  // Padding after a sized function belongs to nobody, whatever labels lie inside or before it.
  expect(at(0x50n)).toBeUndefined();
  expect(at(0x6fn)).toBe('function+15');
  expect(at(0xffn)).toBe('tail+127');
  expect(at(0x100n)).toBeUndefined();
  expect(at(0x2000n)).toBeUndefined();
  expect(at(0x2007n)).toBe('datum+3');
});

test('data in a section of code is a label, as NASM with debug information has it before DB', () => {
  // Four NOPs, TDCALL, RET.
  const bytes = [0x90, 0x90, 0x90, 0x90, 0x66, 0x0f, 0x01, 0xcc, 0xc3];
  const sections = [{ name: '.text', flags: CODE, data: Uint8Array.from(bytes) }];
  const data = (name: string, value: bigint, binding: number): WrittenSymbol => code(name, value, 1n, 1, binding);
  const made = parseImage(writeElf({ sections, symbols: [data('again', 4n, 0), code('stub', 0n, 0n, 0)] }), 'a.o');
  expect(symbolicName(made, BASE + 4n)).toBe('stub+0x4');
  expect(symbolicName(made, BASE + 8n)).toBe('stub+0x8');
  expect(functionExtent(made, findFunction(made, 'stub'))).toEqual({ address: BASE, size: 9 });
  // One that begins so is a function all the same.
  const begun = parseImage(writeElf({ sections, symbols: [data('stub', 0n, 1)] }), 'b.o');
  expect(functionExtent(begun, findFunction(begun, 'stub'))).toEqual({ address: BASE, size: 9 });
});

test('data beside code that may be written to keeps its kind and its size', () => {
  const bytes = [0xc3, 0, 0, 0, 0, 0, 0, 0];
  const sections = [{ name: '.text', flags: CODE | SECTION_FLAG.write, data: Uint8Array.from(bytes) }];
  const symbols = [code('stub', 0n, 1n), code('calls', 4n, 4n, 1)];
  const made = parseImage(writeElf({ sections, symbols }), 'w.o');
  expect(made.symbols).toContainEqual(expect.objectContaining({ name: 'calls', kind: 'object', size: 4 }));
});

describe('a function without a size', () => {
  /** Code at BASE with symbols: global ones, and labels, by their offsets. */
  const made = (
    bytes: readonly number[],
    globals: Record<string, number>,
    labels: Record<string, number> = {},
  ): Image => {
    const symbols = [
      ...Object.entries(globals).map(([name, at]) => code(name, BigInt(at), 0n, 0)),
      ...Object.entries(labels).map(([name, at]) => code(name, BigInt(at), 0n, 0, 0)),
    ];
    return parseImage(
      writeElf({ sections: [{ name: '.text', flags: CODE, data: Uint8Array.from(bytes) }], symbols }),
      'f.o',
    );
  };
  const places = (image: Image, ...offsets: number[]): (string | undefined)[] =>
    offsets.map((offset) => symbolicName(image, BASE + BigInt(offset)));
  const extent = (image: Image, name: string): number => functionExtent(image, findFunction(image, name)).size;

  test('has the labels that it reaches, by a branch or from before', () => {
    // jz +1; ret; nop (the label); ret; int3
    const image = made([0x74, 1, 0xc3, 0x90, 0xc3, 0xcc], { f: 0 }, { 'f.out': 3, 'f.end': 4 });
    expect(extent(image, 'f')).toBe(5);
    expect(places(image, 0, 2, 3, 4, 5)).toEqual(['f+0x0', 'f+0x2', 'f+0x3', 'f+0x4', 'f+0x5']);
  });

  test('ends where another begins, though it runs into it or jumps over it', () => {
    // jmp +1 over g (ret) to a label; nop; ret
    const image = made([0xeb, 1, 0xc3, 0x90, 0xc3], { f: 0, g: 2 }, { part: 3, inner: 4 });
    expect(extent(image, 'f')).toBe(2);
    expect(places(image, 1, 2, 3, 4)).toEqual(['f+0x1', 'g+0x0', 'part+0x0', 'part+0x1']);
    const running = made([0x90, 0x90, 0xc3], { f: 0, g: 1 });
    expect([extent(running, 'f'), extent(running, 'g')]).toEqual([1, 2]);
  });

  test('has the code that a fault goes on at, and nothing behind a call that does not return', () => {
    const faulting = made([0x90, 0xc3, 0x90, 0xc3], { f: 0 }, { fixup: 2 });
    expect(places(faulting, 2)).toEqual(['fixup+0x0']);
    const taken: Image = { ...faulting, fixups: [{ from: BASE, to: BASE + 2n, type: 1 }] };
    expect(extent(taken, 'f')).toBe(4);
    expect(places(taken, 2)).toEqual(['f+0x2']);
    // call panic; panic: ret; and a label behind
    const stopping = made([0xe8, 0, 0, 0, 0, 0xc3], { f: 0, panic: 5 });
    expect(extent(stopping, 'f')).toBe(5);
  });

  test('bound by its label has what control reaches from there', () => {
    const image = made([0x90, 0x90, 0xc3, 0x90], { f: 0 }, { 'f.late': 1 });
    expect(extent(image, 'f.late')).toBe(2);
    // The address is named by the function all the same.
    expect(places(image, 1)).toEqual(['f+0x1']);
  });

  test('stays quick where every byte has a label', () => {
    const labels = Object.fromEntries(Array.from({ length: 0x4000 }, (_, at) => [`l${at}`, at]));
    const image = made(
      Array.from({ length: 0x4000 }, () => 0xc3),
      { f: 0 },
      labels,
    );
    expect(places(image, 0x3fff)).toEqual(['l16383+0x0']);
  });
});

test('of symbols that overlap the last to begin counts, then the smallest, then the better name', () => {
  const stub = image(
    code('whole', 0n, 64n),
    code('alias', 0n, 16n, 0),
    code('first', 0n, 16n),
    code('late', 8n, 16n),
    code('inner', 10n, 2n),
  );
  const names = [0, 7, 8, 10, 12, 23, 24, 63, 64].map((at) => symbolAt(stub, BASE + BigInt(at))?.symbol.name);
  expect(names).toEqual(['first', 'first', 'late', 'inner', 'late', 'late', 'whole', 'whole', undefined]);
});

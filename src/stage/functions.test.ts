import { expect, test } from 'vitest';
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

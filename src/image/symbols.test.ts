import { expect, test } from 'vitest';
import { CODE, DATA, sampleExecutable, sampleObject, writeElf, type WrittenSymbol } from './elf-writer.test.helper.js';
import type { Image } from './image.js';
import { parseImage } from './load.js';
import { findFunction, wholeOf } from './symbols.js';

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

test('finds a function by name, typed or not', () => {
  const stub = image(code('__tdcall', 0n, 16n), code('entry', 32n, 0n, 0));
  expect(findFunction(stub, '__tdcall').address).toBe(BASE);
  expect(findFunction(stub, 'entry').address).toBe(BASE + 32n);
});

test('names up to three of the nearest functions', () => {
  const names = ['__tdx_hypercall', '__tdx_hypercall_ret', '__tdx_module_call', '__seamcall', 'memcpy'];
  const stub = image(...names.map((name, index) => code(name, BigInt(index * 16))), {
    name: '_tdx_hypercall',
    section: '.data',
  });
  expect(() => findFunction(stub, 'tdx_hypercall')).toThrow(
    'stub.o: no function "tdx_hypercall"; nearest: __tdx_hypercall, __tdx_hypercall_ret',
  );
  expect(() => findFunction(stub, 'q')).toThrow('stub.o: no function "q"; check the name (nm lists them)');
  expect(() => findFunction(image(code('f.constprop.0', 0n), code('g', 16n)), 'f')).toThrow(
    /nearest: f\.constprop\.0, g/,
  );
});

test('says so when the name is data, is only called, or the image is stripped', () => {
  expect(() => findFunction(image({ name: 'table', section: '.data' }), 'table')).toThrow(/"table" is data, not code/);
  expect(() => findFunction(parseImage(writeElf(sampleObject()), 'a.o'), 'outside')).toThrow(
    /"outside" is called but not defined here/,
  );
  const stripped = sampleExecutable();
  delete stripped.symbols;
  expect(() => findFunction(parseImage(writeElf(stripped), 'vmlinux'), 'main')).toThrow(
    /has no symbols.*before it was stripped/,
  );
});

test('prefers a global function, and refuses to choose between local ones', () => {
  const both = image(code('f', 0n, 8n, 2, 0), code('f', 16n, 8n));
  expect(findFunction(both, 'f').address).toBe(BASE + 16n);
  const local = image(code('f', 0n, 8n, 2, 0), code('f', 16n, 8n, 2, 0));
  expect(() => findFunction(local, 'f')).toThrow(
    /2 functions are named "f" \(0xffffffff81000000, 0xffffffff81000010\)/,
  );
});

test('the part of a function that is seldom run is no function', () => {
  const split = image(code('f', 0n, 8n), code('f.cold', 16n, 8n, 2, 0), code('g.cold', 32n, 8n, 2, 0));
  expect(wholeOf(split, 'f.cold')).toBe('f');
  expect(() => findFunction(split, 'f.cold')).toThrow(
    'stub.o: "f.cold" is the part of f that is seldom run, and no function; give f',
  );
  // Nothing that it could be a part of.
  expect(findFunction(split, 'g.cold').address).toBe(BASE + 32n);
  expect(wholeOf(split, 'f')).toBeUndefined();
});

test('an IFUNC is refused, whatever its binding', () => {
  expect(() => findFunction(image(code('f', 0n, 8n, 10)), 'f')).toThrow(/stub\.o: "f" is an IFUNC resolver/);
});

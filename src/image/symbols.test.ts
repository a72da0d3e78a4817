import { expect, test } from 'vitest';
import { CODE, DATA, sampleExecutable, sampleObject, writeElf, type WrittenSymbol } from './elf-writer.test.helper.js';
import type { Image } from './image.js';
import { parseImage } from './load.js';
import { findFunction, meantSymbol, wholeOf } from './symbols.js';

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

const RUST = '_ZN7td_shim11asm_td_call17h0123456789abcdefE';
const OTHER = '_RNvNtC7td_shim5other11asm_td_call';

test('the function that is meant, by the parts that its mangled name reads as', () => {
  const one = image(code(RUST, 0n), code('_RNvC7td_shim4main', 16n), code('_Z4mainv', 32n));
  expect(meantSymbol(one, 'asm_td_call')).toBe(RUST);
  expect(meantSymbol(one, 'td_shim::asm_td_call')).toBe(RUST);
  expect(meantSymbol(one, 'td_shim::main')).toBe('_RNvC7td_shim4main');
  // What nobody can mean stays as it is, for the message that names the nearest.
  for (const name of ['td_call', 'other::asm_td_call', '', '::', RUST]) expect(meantSymbol(one, name)).toBe(name);
  expect(() => findFunction(one, 'asm_td_cal')).toThrow(/nearest: asm_td_call/);
});

test('of several it names them; a symbol of the name itself comes first, and data is none', () => {
  const both = [code(RUST, 0n), code(OTHER, 16n)];
  expect(() => meantSymbol(image(...both), 'asm_td_call')).toThrow(
    `stub.o: "asm_td_call" may be td_shim::asm_td_call (${RUST}), td_shim::other::asm_td_call (${OTHER}); give more of the path, or the symbol itself`,
  );
  expect(meantSymbol(image(...both), 'other::asm_td_call')).toBe(OTHER);
  expect(meantSymbol(image(...both, code('asm_td_call', 32n)), 'asm_td_call')).toBe('asm_td_call');
  expect(meantSymbol(image(both[0], { name: OTHER, section: '.data', type: 1 }), 'asm_td_call')).toBe(RUST);
  // Two names of one place are one function.
  expect(meantSymbol(image(both[0], code(OTHER, 0n, 0n, 2, 0)), 'asm_td_call')).toBe(RUST);
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

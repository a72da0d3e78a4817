/** Which functions count as reached. */
import { afterEach, expect, test } from 'vitest';
import type { Image, ImageSymbol } from '../image/image.js';
import { declareSurroundings } from '../world/surroundings.js';
import { reachedFunctions } from './call-graph.js';

const BASE = 0x40_0000n;
const SLOT = 0x10;

/** Functions that each call others, by name: 16 bytes a function. */
function image(functions: Readonly<Record<string, readonly string[]>>): Image {
  const names = Object.keys(functions);
  const bytes = new Uint8Array(names.length * SLOT).fill(0x90);
  const view = new DataView(bytes.buffer);
  names.forEach((name, index) => {
    let at = index * SLOT;
    for (const callee of functions[name]) {
      bytes[at] = 0xe8;
      view.setInt32(at + 1, names.indexOf(callee) * SLOT - (at + 5), true);
      at += 5;
    }
    bytes[at] = 0xc3;
  });
  const symbols = names.map((name, index): ImageSymbol => ({
    name,
    address: BASE + BigInt(index * SLOT),
    size: SLOT,
    kind: 'function',
    global: true,
    segment: '.text',
  }));
  return {
    name: 'test',
    format: 'elf-executable',
    convention: 'sysv',
    hash: '',
    segments: [{ name: '.text', address: BASE, size: bytes.length, bytes, read: true, write: false, execute: true }],
    symbols,
    externals: [],
    fixups: [],
  };
}

afterEach(() => declareSurroundings());

const reached = (of: Image, symbol: string): string[] => reachedFunctions(of, symbol).map((code) => code.symbol);

test('what is called, and what that calls, by address behind the function itself', () => {
  const of = image({ last: [], middle: ['last', 'first'], other: [], first: ['middle'] });
  expect(reached(of, 'first')).toEqual(['first', 'last', 'middle']);
  expect(reachedFunctions(of, 'first').map(({ outline }) => outline.targets.length)).toEqual([1, 0, 2]);
});

test('what prints or stops a run never runs itself, and nothing that it calls', () => {
  const of = image({ f: ['panic', '_printk'], panic: ['console'], _printk: ['console'], console: [] });
  expect(reached(of, 'f')).toEqual(['f']);
  expect(reached(of, 'panic')).toEqual(['panic', 'console']);
});

test('what a project answers for is not reached from then on', () => {
  const of = image({ f: ['g'], g: ['h'], h: [] });
  expect(reached(of, 'f')).toEqual(['f', 'g', 'h']);
  declareSurroundings({ g: 'nothing' });
  expect(reached(of, 'f')).toEqual(['f']);
});

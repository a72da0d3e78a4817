/** Images as kernels and firmware have them: parts that share a page, code that wants to be writable, data at NULL. */
import { describe, expect, test } from 'vitest';
import type { Image, Segment } from '../image/image.js';
import { CODE, DATA, writeElf } from '../image/elf-writer.test.helper.js';
import { parseImage } from '../image/load.js';
import { PERCPU_BASE } from '../image/per-cpu.js';
import { Machine } from '../x86/machine.js';
import { mapImage } from './map-image.js';

const BASE = 0xffffffff83000000n;

function segment(address: bigint, bytes: number[], permissions: string): Segment {
  return {
    name: permissions,
    address,
    size: bytes.length,
    bytes: Uint8Array.from(bytes),
    read: permissions.includes('r'),
    write: permissions.includes('w'),
    execute: permissions.includes('x'),
  };
}

function image(...segments: Segment[]): Image {
  return {
    name: 'test',
    format: 'elf-executable',
    convention: 'sysv',
    hash: '',
    segments,
    symbols: [],
    externals: [],
    fixups: [],
  };
}

function peek(machine: Machine, address: bigint): number | undefined {
  const mapped = machine.peek64(Number(BigInt.asIntN(32, address)), Number(BigInt.asIntN(32, address >> 32n)));
  return mapped ? machine.peekLow & 0xff : undefined;
}

describe('an image in memory', () => {
  test('two segments may share a page', () => {
    const machine = new Machine();
    const lost = mapImage(machine, image(segment(BASE, [1, 2, 3], 'rx'), segment(BASE + 0x800n, [4, 5], 'r')));
    expect(lost.size).toBe(0);
    expect([0n, 2n, 3n, 0x800n, 0x801n, 0x802n].map((offset) => peek(machine, BASE + offset))).toEqual([
      1, 3, 0, 4, 5, 0,
    ]);
    expect(peek(machine, BASE + 0x1000n)).toBeUndefined();
  });

  test('a segment over the end of a page goes on in the next one', () => {
    const machine = new Machine();
    mapImage(machine, image(segment(BASE + 0xfffn, [7, 8], 'rx'), segment(BASE + 0x1800n, [9], 'rw')));
    expect([0xfffn, 0x1000n, 0x1800n].map((offset) => peek(machine, BASE + offset))).toEqual([7, 8, 9]);
  });

  test('pages that are to be writable and executable are told, and no others', () => {
    const machine = new Machine();
    const lost = mapImage(
      machine,
      image(segment(BASE, [1], 'rx'), segment(BASE + 0x1000n, [2], 'rwx'), segment(BASE + 0x2000n, [3], 'rw')),
    );
    expect([...lost]).toEqual([Number(BigInt.asUintN(32, (BASE + 0x1000n) >> 12n))]);
  });

  test('pages of a large image are there when they are touched, with what replaces its code, also over the end of a page', () => {
    const machine = new Machine({ memoryBytes: 8 << 20 });
    const bytes = Array.from({ length: 6 << 20 }, () => 1);
    const lost = mapImage(machine, image(segment(BASE + 0x800n, bytes, 'rx'), segment(BASE + 0x700000n, [2], 'rwx')), [
      { address: BASE + 0x2ffen, bytes: Uint8Array.of(9, 8, 7, 6) },
    ]);
    expect(machine.laterPages).toEqual(
      [
        { from: BASE >> 12n, to: (BASE >> 12n) + 0x601n },
        { from: (BASE + 0x700000n) >> 12n, to: (BASE + 0x701000n) >> 12n },
      ].map(({ from, to }) => ({ from: BigInt.asUintN(52, from), to: BigInt.asUintN(52, to) })),
    );
    expect(
      [0n, 0x800n, 0x2ffdn, 0x2ffen, 0x2fffn, 0x3000n, 0x3001n, 0x3002n, 0x700000n].map((offset) =>
        peek(machine, BASE + offset),
      ),
    ).toEqual([0, 1, 1, 9, 8, 7, 6, 1, 2]);
    expect(peek(machine, BASE + 0x601000n)).toBeUndefined();
    expect(lost.size).toBe(1);
  });

  test('an address that no x86-64 machine has is refused in one line', () => {
    expect(() => mapImage(new Machine(), image(segment(0x9000_0000_0000n, [1], 'rx')))).toThrow(
      /^test: rx lies at 0x900000000000, which is no canonical 48-bit address/,
    );
  });
});

/** One writable and executable segment with code in the middle, as a kernel's .init. */
function mixed(): Image {
  const data = new Uint8Array(0x3000).fill(0xaa);
  const address = 0x400000n;
  return parseImage(
    writeElf({
      type: 2,
      sections: [
        { name: '.all', flags: DATA, address, data },
        { name: '.init.text', flags: CODE, address: address + 0x1000n, data: new Uint8Array(0x800) },
      ],
      programs: [{ flags: 7, address, section: '.all' }],
      symbols: [
        { name: 'start', section: '.init.text', value: address + 0x1000n, type: 2, size: 16n },
        { name: 'datum', section: '.all', value: address + 8n, type: 1, size: 8n },
      ],
    }),
    'mixed',
  );
}

describe('an executable', () => {
  test('has its code told from its data by the sections', () => {
    const { segments, symbols } = mixed();
    expect(segments.map(({ address, size, write, execute }) => [address, size, write, execute])).toEqual([
      [0x400000n, 0x1000, true, false],
      [0x401000n, 0x800, true, true],
      [0x401800n, 0x1800, true, false],
    ]);
    expect(segments.every(({ bytes, size }) => bytes.length === size)).toBe(true);
    expect(symbols.map(({ name, segment: where }) => [name, where])).toEqual([
      ['start', 'LOAD0'],
      ['datum', 'LOAD0'],
    ]);
  });

  test('has its per-CPU data at the GS base and nothing at NULL', () => {
    const { segments } = parseImage(
      writeElf({
        type: 2,
        sections: [
          { name: '.text', flags: CODE, address: 0x401000n, data: new Uint8Array(16) },
          { name: '.data..percpu', flags: DATA, address: 0n, data: new Uint8Array(64) },
        ],
        programs: [
          { flags: 5, address: 0x401000n, section: '.text' },
          { flags: 6, address: 0n, section: '.data..percpu' },
        ],
        symbols: [{ name: 'f', section: '.text', value: 0x401000n, type: 2, size: 16n }],
      }),
      'kernel',
    );
    expect(segments.map(({ address }) => address)).toEqual([0x401000n, PERCPU_BASE]);
  });
});

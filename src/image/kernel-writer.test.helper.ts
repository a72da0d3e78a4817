/** Writes tiny kernels for tests: an ELF file with kallsyms tables of any layout, packed as a boot image. Imports no reader. */
import { gzipSync } from 'node:zlib';
import { CODE, type WrittenSection, writeElf } from './elf-writer.test.helper.js';

/** A layout of kallsyms; the versions of Linux that have it, by configuration. */
export interface KallsymsLayout {
  form: 'plain' | 'based' | 'absolute-per-cpu' | 'place-relative';
  /** Addresses in front of all other tables (until 6.3) or behind them. */
  addresses: 'before' | 'behind';
  alignment: 4 | 8;
  /** The table that orders names: between markers and tokens as in 6.2 and 6.3, or nowhere near. */
  order: boolean;
  /** Bytes of an entry of it; 3 if absent. */
  orderSize?: 3 | 4;
}

export interface KernelSymbol {
  address: bigint;
  letter: string;
  name: string;
}

const TEXT = 0xffffffff81000000n;
const RODATA = 0xffffffff81004000n;
const DATA_AT = 0xffffffff81400000n;
const BASE = TEXT;
export const FUNCTIONS_AT = TEXT;
/** Bytes from one function to the next. */
export const STRIDE = 16n;

/** Two names of 200 characters need a length of two bytes; there are enough for several markers. */
export function kernelSymbols(count = 600): KernelSymbol[] {
  const functions = Array.from({ length: count }, (_, index) => ({
    address: TEXT + BigInt(index) * STRIDE,
    letter: index % 3 === 0 ? 't' : 'T',
    name: index % 200 === 7 ? `${'long_'.repeat(40)}${index}` : `function_${index}`,
  }));
  return [
    { address: 0n, letter: 'A', name: '__per_cpu_start' },
    ...functions,
    { address: RODATA + 8n, letter: 'r', name: 'constant' },
    { address: DATA_AT + 16n, letter: 'd', name: 'datum' },
  ];
}

class Bytes {
  readonly list: number[] = [];

  align(unit: number): void {
    while (this.list.length % unit !== 0) this.list.push(0);
  }

  number(value: bigint | number, width: number): void {
    let rest = BigInt.asUintN(width * 8, BigInt(value));
    for (let index = 0; index < width; index++, rest >>= 8n) this.list.push(Number(rest & 0xffn));
  }
}

/** Tokens: every character that names have, and a few pairs. Numbers without a token are of no text. */
function tokensFor(symbols: readonly KernelSymbol[]): string[] {
  const characters = new Set(symbols.flatMap(({ letter, name }) => `${letter}${name}`.split('')));
  return Array.from({ length: 256 }, (_, index) => {
    const character = String.fromCharCode(index);
    return characters.has(character) ? character : index === 200 ? 'fun' : index === 201 ? 'ction_' : '';
  });
}

function compress(text: string): number[] {
  const codes: number[] = [];
  for (let at = 0; at < text.length; at++) {
    if (text.startsWith('fun', at)) {
      codes.push(200);
      at += 2;
    } else if (text.startsWith('ction_', at)) {
      codes.push(201);
      at += 5;
    } else codes.push(text.charCodeAt(at));
  }
  return codes;
}

/** The tables, for a section at RODATA, with noise in front. */
export function writeKallsyms(symbols: readonly KernelSymbol[], layout: KallsymsLayout): Uint8Array {
  const { form, alignment, order, orderSize = 3, addresses } = layout;
  const out = new Bytes();
  for (let index = 0; index < 999; index++) out.list.push((index * index * 7 + index) % 251);
  const writeAddresses = (): void => {
    const at = (): bigint => RODATA + BigInt(out.list.length);
    for (const { address } of symbols) {
      if (form === 'plain') out.number(address, 8);
      else if (form === 'place-relative') out.number(address === 0n ? TEXT - at() : address - at(), 4);
      else if (form === 'based') out.number(address === 0n ? 0n : address - BASE, 4);
      else out.number(address < BASE ? address : BASE - 1n - address, 4);
    }
    if (form !== 'based' && form !== 'absolute-per-cpu') return;
    out.align(8);
    out.number(BASE, 8);
  };
  out.align(8);
  if (addresses === 'before') writeAddresses();
  out.align(alignment);
  out.number(symbols.length, 4);
  out.align(alignment);
  const begin = out.list.length;
  const markers: number[] = [];
  symbols.forEach(({ letter, name }, index) => {
    if (index % 256 === 0) markers.push(out.list.length - begin);
    const codes = compress(letter + name);
    if (codes.length > 0x7f) out.list.push((codes.length & 0x7f) | 0x80, codes.length >> 7);
    else out.list.push(codes.length);
    out.list.push(...codes);
  });
  out.align(alignment);
  for (const marker of markers) out.number(marker, 4);
  out.align(alignment);
  if (order && addresses === 'before') {
    symbols.forEach((_, index) => out.number(index, orderSize));
    out.align(alignment);
  }
  const tokens = tokensFor(symbols);
  const tokensAt = out.list.length;
  const index = tokens.map((text) => {
    const at = out.list.length - tokensAt;
    out.list.push(...Buffer.from(`${text}\0`));
    return at;
  });
  out.align(alignment);
  for (const at of index) out.number(at, 2);
  out.align(alignment);
  if (addresses === 'behind') writeAddresses();
  if (order && addresses === 'behind') symbols.forEach((_, at) => out.list.push(0, at >> 8, at & 0xff));
  for (let at = 0; at < 100; at++) out.list.push(at);
  return Uint8Array.from(out.list);
}

/** A stripped vmlinux, with bytes behind it as a relocatable kernel has. */
export function writeKernel(rodata: Uint8Array, sections: readonly WrittenSection[] = []): Uint8Array {
  const elf = writeElf({
    type: 2,
    sections: [
      { name: '.text', flags: CODE, address: TEXT, data: new Uint8Array(0x3000).fill(0xc3) },
      { name: '.rodata', flags: 2, address: RODATA, data: rodata, align: 8 },
      { name: '.data', flags: 3, address: DATA_AT, data: new Uint8Array(0x100) },
      ...sections,
    ],
    programs: [
      { flags: 5, address: TEXT, section: '.text' },
      { flags: 4, address: RODATA, section: '.rodata' },
      { flags: 6, address: DATA_AT, section: '.data' },
    ],
  });
  return Buffer.concat([elf, Buffer.alloc(64, 0x81)]);
}

function sized(packed: Uint8Array, kernel: Uint8Array): Uint8Array {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(kernel.length);
  return Buffer.concat([packed, size]);
}

/** A frame of blocks that are stored as they are. */
function zstd(kernel: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58])];
  const step = 0x10000;
  for (let at = 0; at < kernel.length; at += step) {
    const part = kernel.subarray(at, at + step);
    const head = (at + step >= kernel.length ? 1 : 0) | (part.length << 3);
    parts.push(Uint8Array.from([head & 0xff, (head >> 8) & 0xff, head >> 16]), part);
  }
  return Buffer.concat(parts);
}

/** One block of literals. */
function lz4(kernel: Uint8Array): Uint8Array {
  const rest = kernel.length - 15;
  const block = Buffer.concat([
    Uint8Array.from([0xf0, ...Array.from({ length: Math.floor(rest / 255) }, () => 255), rest % 255]),
    kernel,
  ]);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184c2102);
  head.writeUInt32LE(block.length, 4);
  return Buffer.concat([head, block]);
}

/** One block of LZMA2 chunks that are stored as they are; without checks. */
function xz(kernel: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [
    Uint8Array.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 0, 0, 0, 0, 0]),
    Uint8Array.from([2, 0, 0x21, 1, 0x1c, 0, 0, 0, 0, 0, 0, 0]),
  ];
  for (let at = 0; at < kernel.length; at += 0x10000) {
    const part = kernel.subarray(at, at + 0x10000);
    parts.push(Uint8Array.from([at === 0 ? 1 : 2, (part.length - 1) >> 8, (part.length - 1) & 0xff]), part);
  }
  return Buffer.concat([...parts, new Uint8Array(8)]);
}

export const PACKED: Readonly<Record<string, (kernel: Uint8Array) => Uint8Array>> = {
  gzip: (kernel) => gzipSync(kernel),
  zstd: (kernel) => sized(zstd(kernel), kernel),
  lz4: (kernel) => sized(lz4(kernel), kernel),
  xz: (kernel) => sized(xz(kernel), kernel),
};

export interface BootOptions {
  version?: number;
  /** Whether "MZ" stands in front, as with an EFI stub. */
  stub?: boolean;
  setupSectors?: number;
}

/** A boot image around a payload, with 100 bytes in front of the payload and some behind. */
export function writeBootImage(
  payload: Uint8Array,
  { version = 0x20f, stub, setupSectors = 3 }: BootOptions = {},
): Uint8Array {
  const head = new Uint8Array(((setupSectors || 4) + 1) * 512 + 100).fill(0x90);
  const view = new DataView(head.buffer);
  if (stub === true) head.set(Buffer.from('MZ'));
  view.setUint8(0x1f1, setupSectors);
  head.set(Buffer.from('HdrS'), 0x202);
  view.setUint16(0x206, version, true);
  view.setUint32(0x248, 100, true);
  view.setUint32(0x24c, payload.length, true);
  return Buffer.concat([head, payload, new Uint8Array(32)]);
}

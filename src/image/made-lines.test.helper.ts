/** Objects with line tables made by hand. */
import { CODE, writeElf } from './elf-writer.test.helper.js';
import type { Image } from './image.js';
import { sourceLine } from './line-table.js';
import { parseImage } from './load.js';
import { findFunction } from './symbols.js';

/** An object with 16 bytes of code at `f`, and such a line table. */
export function withLines(line: Uint8Array, flags = 0, name = '.debug_line'): Image {
  return parseImage(
    writeElf({
      sections: [
        { name: '.text', flags: CODE, align: 16, data: new Uint8Array(16).fill(0x90) },
        { name, flags, data: line },
      ],
      symbols: [{ name: 'f', section: '.text', type: 2, size: 16n }],
    }),
    'made.o',
  );
}

export function line(image: Image, address = findFunction(image, 'f').address): string | undefined {
  const found = sourceLine(image, address);
  return found && `${found.file}:${found.line}`;
}

export const OPERANDS = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];

/** A unit of version 4 with one file, `a.c`. */
export function unit(program: Uint8Array): Uint8Array {
  const header = [1, 1, 1, 0xfb, 14, 13, ...OPERANDS, 0, 0x61, 0x2e, 0x63, 0, 0, 0, 0, 0];
  const bytes = Buffer.alloc(10 + header.length + program.length);
  bytes.writeUInt32LE(bytes.length - 4, 0);
  bytes.writeUInt16LE(4, 4);
  bytes.writeUInt32LE(header.length, 6);
  bytes.set(header, 10);
  bytes.set(program, 10 + header.length);
  return bytes;
}

export function setAddress(address: bigint): Uint8Array {
  const bytes = Buffer.from([0, 9, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
  bytes.writeBigUInt64LE(address, 3);
  return bytes;
}

export const END = Buffer.from([0, 1, 1]);
export const ADDRESS = findFunction(withLines(new Uint8Array(0)), 'f').address;
/** 16 bytes of line 7. */
export const SMALL = unit(Buffer.concat([setAddress(ADDRESS), Buffer.from([3, 6, 1, 2, 16]), END]));

export const many = (count: number, bytes: Uint8Array): Uint8Array =>
  Buffer.concat(Array<Uint8Array>(count).fill(bytes));

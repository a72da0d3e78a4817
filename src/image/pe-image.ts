/** A PE or TE image, at the address it was linked for, or moved away from NULL as its base relocations say. */
import { hex } from '../text/hex.js';
import { applyBaseRelocations, applyElfRelocations } from './base-relocations.js';
import { COFF_INDEX } from './coff-constants.js';
import { coffImageSymbol, isListedCoff } from './coff-symbols.js';
import { readCoffSymbols } from './coff-tables.js';
import { fail } from './elf-file.js';
import { Externals, LOW_RANGE } from './externals.js';
import { ABSOLUTE, type Image, type ImageSymbol } from './image.js';
import { type PeFile, readPeFile } from './pe-file.js';
import { isDebug, PeMemory } from './pe-memory.js';
import { listExports, resolveImports } from './pe-names.js';
import { segmentAt } from './segments.js';

/** What lies below is NULL and what a NULL pointer reaches. UEFI applications are linked at 0 and loaded anywhere. */
const LOWEST_BASE = 0x10000n;
/** Where an image goes that cannot stay: 32-bit addresses reach it. */
const MOVED_BASE = LOW_RANGE.text;

/** Whether a file begins as a PE image (with its MS-DOS header) or a TE image does. */
export function looksLikePe(bytes: Uint8Array): boolean {
  const isFull = bytes[0] === 0x4d && bytes[1] === 0x5a;
  // Two letters are little: x86-64 code in it is told by the machine, other TE images by one of the few others.
  const isTerse = bytes[0] === 0x56 && bytes[1] === 0x5a && TE_MACHINES.has(bytes[2] + bytes[3] * 0x100);
  return isFull || isTerse;
}

const TE_MACHINES: ReadonlySet<number> = new Set([0x8664, 0x14c, 0xaa64, 0x1c2, 0x5064, 0x6264, 0xebc]);

/**
 * Loads an x86-64 PE32+ or TE image.
 * @param name for messages: escaped and bounded
 * @throws ImageError, and nothing else, for whatever bytes
 */
export function loadPe(bytes: Uint8Array, name: string): Omit<Image, 'hash'> {
  const file = readPeFile(bytes, name);
  const moved = file.base < LOWEST_BASE ? MOVED_BASE - file.base : 0n;
  if (moved > 0n && file.isFixed)
    fail(
      file,
      `linked for address ${hex(file.base)}, and its base relocations are gone; link without /FIXED, or for a base from ${hex(LOWEST_BASE)} on`,
    );
  const memory = new PeMemory(file, file.base + moved);
  if (moved > 0n) {
    applyBaseRelocations(file, memory, moved);
    applyElfRelocations(file, memory, moved);
  }
  const externals = new Externals();
  resolveImports(file, memory, externals);
  return {
    name: file.name,
    format: 'pe-executable',
    convention: 'ms-x64',
    segments: [...memory.segments],
    symbols: listSymbols(file, memory),
    externals: externals.list,
    fixups: [],
    base: memory.base,
    ...(moved > 0n && { moved }),
  };
}

/** The COFF symbol table, where one is left (MinGW); exports that it does not have. */
function listSymbols(file: PeFile, memory: PeMemory): ImageSymbol[] {
  const own = file.symbols.count === 0 ? [] : readCoffSymbols(file, file.symbols, file.sections.length);
  const list: ImageSymbol[] = [];
  for (const symbol of own) {
    if (symbol === undefined || !isListedCoff(symbol)) continue;
    const { section, value } = symbol;
    if (section === COFF_INDEX.absolute) list.push(coffImageSymbol(symbol, BigInt(value), ABSOLUTE));
    if (section <= 0 || isDebug(file.sections[section - 1])) continue;
    const address = memory.base + BigInt(file.sections[section - 1].virtualAddress + value);
    list.push(coffImageSymbol(symbol, address, segmentAt(memory.segments, address)?.name ?? ''));
  }
  const known = new Set(list.map(({ name, address }) => `${name}@${address}`));
  return [...list, ...listExports(file, memory).filter(({ name, address }) => !known.has(`${name}@${address}`))];
}

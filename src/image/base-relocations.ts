/** Base relocations of a PE image: what changes when it does not lie where it was linked. */
import { hex } from '../text/hex.js';
import { BASE_RELOCATION } from './coff-constants.js';
import { RELA_SIZE, RELOCATION } from './elf-constants.js';
import { fail } from './elf-file.js';
import type { PeFile } from './pe-file.js';
import type { PeMemory } from './pe-memory.js';

const BLOCK_HEADER = 8;
/** What gnu-efi makes of an ELF file keeps the relocations of that, and applies them itself when it starts. */
const ELF_TABLE = '.rela';
const USER = 'a base relocation';

/**
 * Moves what the image says of its own addresses.
 * @param distance bytes from where it was linked to where it lies
 * @throws ImageError for a table that is damaged, and for a relocation that no x86-64 linker writes
 */
export function applyBaseRelocations(file: PeFile, memory: PeMemory, distance: bigint): void {
  const { address, size } = file.directories.relocations;
  for (let offset = 0; offset + BLOCK_HEADER <= size;) {
    const { view, at } = memory.at(address + offset, BLOCK_HEADER, 'the table of base relocations');
    const page = view.getUint32(at, true);
    const length = view.getUint32(at + 4, true);
    // Padding behind the last block.
    if (length === 0) return;
    if (length < BLOCK_HEADER || offset + length > size)
      fail(
        file,
        `a block of ${hex(length)} bytes at ${hex(offset)} of the base relocations; the file is damaged: build it again`,
      );
    const entries = memory.at(address + offset, length, 'the table of base relocations');
    for (let entry = BLOCK_HEADER; entry + 2 <= length; entry += 2) {
      const word = entries.view.getUint16(entries.at + entry, true);
      apply(file, memory, word >>> 12, page + (word & 0xfff), distance);
    }
    offset += length;
  }
}

function apply(file: PeFile, memory: PeMemory, type: number, address: number, distance: bigint): void {
  if (type === BASE_RELOCATION.none) return;
  if (type === BASE_RELOCATION.address64) {
    const { view, at } = memory.writable(address, 8, USER);
    view.setBigUint64(at, BigInt.asUintN(64, view.getBigUint64(at, true) + distance), true);
  } else if (type === BASE_RELOCATION.highLow) {
    const { view, at } = memory.writable(address, 4, USER);
    view.setUint32(at, Number(BigInt.asUintN(32, BigInt(view.getUint32(at, true)) + distance)), true);
  } else if (type === BASE_RELOCATION.high || type === BASE_RELOCATION.low) {
    const { view, at } = memory.writable(address, 2, USER);
    const half = type === BASE_RELOCATION.high ? distance >> 16n : distance;
    view.setUint16(at, Number(BigInt.asUintN(16, BigInt(view.getUint16(at, true)) + half)), true);
  } else fail(file, `a base relocation of type ${type} for ${hex(address)}; link with GNU, LLVM or Microsoft tools`);
}

/** Does what the start of a gnu-efi image would do: its base relocations are a dummy. */
export function applyElfRelocations(file: PeFile, memory: PeMemory, distance: bigint): void {
  const table = file.sections.find(({ name }) => name === ELF_TABLE);
  if (table === undefined) return;
  const what = `section ${table.index} (${ELF_TABLE})`;
  for (let offset = 0; offset + RELA_SIZE <= Math.min(table.rawSize, table.virtualSize); offset += RELA_SIZE) {
    const { view, at } = memory.at(table.virtualAddress + offset, RELA_SIZE, what);
    if (view.getUint32(at + 8, true) !== RELOCATION.relative) continue;
    const place = view.getBigUint64(at, true);
    const addend = view.getBigUint64(at + 16, true);
    const target = memory.writable(Number(BigInt.asUintN(48, place)), 8, what);
    target.view.setBigUint64(target.at, BigInt.asUintN(64, addend + distance), true);
  }
}

/** What a PE image imports and exports, by name. */
import { fail } from './elf-file.js';
import type { Externals } from './externals.js';
import type { ImageSymbol } from './image.js';
import type { PeFile } from './pe-file.js';
import type { PeMemory } from './pe-memory.js';
import { segmentAt } from './segments.js';

const IMPORT_DESCRIPTOR = 20;
const DELAYED_DESCRIPTOR = 32;
/** Of a delayed descriptor whose fields count from the image base. */
const FROM_BASE = 1;
const BY_ORDINAL = 1n << 63n;
const IMPORTS = 'the table of imports';
const EXPORTS = 'the table of exports';

/** Imports of all DLLs that may still be read: what share their tables would make the work larger than the file. */
interface Budget {
  left: number;
}

/**
 * Puts the address of an external into every slot of the import address tables: calls through them show up by name.
 * @throws ImageError for tables that reach out of the image
 */
export function resolveImports(file: PeFile, memory: PeMemory, externals: Externals): void {
  const budget = { left: file.bytes.length / 8 };
  const { imports, delayedImports } = file.directories;
  for (let address = imports.address; address > 0; address += IMPORT_DESCRIPTOR) {
    if (imports.size === 0) break;
    const { view, at } = memory.at(address, IMPORT_DESCRIPTOR, IMPORTS);
    const name = view.getUint32(at + 12, true);
    const slots = view.getUint32(at + 16, true);
    if (name === 0 || slots === 0) break;
    // What is bound has addresses in its slots; the names stand in the other table, if there is one.
    resolve(file, memory, externals, { name, slots, names: view.getUint32(at, true) || slots }, budget);
  }
  for (let address = delayedImports.address; address > 0; address += DELAYED_DESCRIPTOR) {
    if (delayedImports.size === 0) break;
    const { view, at } = memory.at(address, DELAYED_DESCRIPTOR, IMPORTS);
    const name = view.getUint32(at + 4, true);
    const slots = view.getUint32(at + 12, true);
    const names = view.getUint32(at + 16, true);
    if (name === 0 || slots === 0 || names === 0 || (view.getUint32(at, true) & FROM_BASE) === 0) break;
    resolve(file, memory, externals, { name, slots, names }, budget);
  }
}

/** One DLL's tables, each by its distance from the image base. */
interface Imported {
  name: number;
  slots: number;
  names: number;
}

function resolve(file: PeFile, memory: PeMemory, externals: Externals, dll: Imported, budget: Budget): void {
  const library = memory.name(dll.name, IMPORTS);
  for (let offset = 0; ; offset += 8) {
    const { view, at } = memory.at(dll.names + offset, 8, IMPORTS);
    const entry = view.getBigUint64(at, true);
    if (entry === 0n) return;
    if (budget.left-- <= 0) fail(file, 'tables of imports overlap; the file is damaged: build it again');
    const name =
      (entry & BY_ORDINAL) !== 0n
        ? `${library}#${entry & 0xffffn}`
        : memory.name(Number(entry & 0x7fffffffn) + 2, IMPORTS);
    const slot = memory.writable(dll.slots + offset, 8, IMPORTS);
    slot.view.setBigUint64(slot.at, externals.address(name), true);
  }
}

/** Exports with a name, but for those that another DLL defines. @throws ImageError for tables that reach out of the image */
export function listExports(file: PeFile, memory: PeMemory): ImageSymbol[] {
  const { address, size } = file.directories.exports;
  if (size === 0 || address === 0) return [];
  const { view, at } = memory.at(address, 40, EXPORTS);
  const functionCount = view.getUint32(at + 20, true);
  const nameCount = view.getUint32(at + 24, true);
  if (nameCount === 0) return [];
  if (nameCount > file.bytes.length / 4) fail(file, `${nameCount} exports; the file is damaged: build it again`);
  const functions = memory.at(view.getUint32(at + 28, true), functionCount * 4, EXPORTS);
  const names = memory.at(view.getUint32(at + 32, true), nameCount * 4, EXPORTS);
  const ordinals = memory.at(view.getUint32(at + 36, true), nameCount * 2, EXPORTS);
  const list: ImageSymbol[] = [];
  for (let index = 0; index < nameCount; index++) {
    const ordinal = ordinals.view.getUint16(ordinals.at + index * 2, true);
    if (ordinal >= functionCount)
      fail(file, `export ${index} is function ${ordinal} of ${functionCount}; the file is damaged: build it again`);
    const target = functions.view.getUint32(functions.at + ordinal * 4, true);
    const isForwarded = target >= address && target < address + size;
    if (isForwarded || target === 0) continue;
    const place = memory.base + BigInt(target);
    const segment = segmentAt(memory.segments, place);
    list.push({
      name: memory.name(names.view.getUint32(names.at + index * 4, true), EXPORTS),
      address: place,
      size: 0,
      kind: segment?.execute === true ? 'function' : 'object',
      global: true,
      segment: segment?.name ?? '',
    });
  }
  return list;
}

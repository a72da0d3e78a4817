/** The image's view of symbols of COFF: those for people, and what they are. */
import { COFF_INDEX, STORAGE } from './coff-constants.js';
import type { CoffSymbol } from './coff-tables.js';
import type { ImageSymbol } from './image.js';

const LISTED: readonly number[] = [STORAGE.external, STORAGE.static, STORAGE.label, STORAGE.weak];

/** Whether a symbol is one for people: named, and neither a section, a file, a line mark nor a note of the tools (`@feat.00`). */
export function isListedCoff(symbol: CoffSymbol): boolean {
  const { name, section, storage, definition } = symbol;
  if (name === '' || section === COFF_INDEX.debug || definition !== undefined) return false;
  // NASM and Microsoft's tools leave notes behind that are absolute and local.
  const isNote = section === COFF_INDEX.absolute && storage === STORAGE.static && /^[.@]/.test(name);
  return LISTED.includes(storage) && !isNote;
}

/** Whether other objects see it. */
export function isGlobalCoff({ storage }: CoffSymbol): boolean {
  return storage === STORAGE.external || storage === STORAGE.weak;
}

/** A listed symbol where it lies. */
export function coffImageSymbol(symbol: CoffSymbol, address: bigint, segment: string): ImageSymbol {
  const { name, size, isFunction } = symbol;
  return { name, address, size, kind: isFunction ? 'function' : 'untyped', global: isGlobalCoff(symbol), segment };
}

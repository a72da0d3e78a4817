/** Names that a compiler has mangled, as people write them. What cannot be read stays as it is. */
import { readCpp } from './cpp-names.js';
import { escapeName } from './escape.js';
import { NotMangled, type ReadableName } from './name-reader.js';
import { readLegacyRust, readRust } from './rust-names.js';

/** Longer names are not read: names of real programs have some hundred characters. */
const LONGEST = 4096;
/** What link-time optimization adds to keep local names apart. */
const MODULE_SUFFIX = /\.llvm\.\d+$/;
/** What a compiler adds to the parts and copies that it makes: `.cold`, `.constprop.0`. */
const CLONE_SUFFIX = /^(?<name>[^.]+)(?<suffix>(?:\.[A-Za-z_0-9]+)+)$/;

/** Whether a symbol may be a mangled name. */
export function isMangled(symbol: string): boolean {
  return /^_[RZ]/.test(symbol);
}

/** @returns undefined for a name that is not mangled, or that is not understood */
export function demangle(symbol: string): ReadableName | undefined {
  if (!isMangled(symbol) || symbol.length > LONGEST) return undefined;
  const name = symbol.replace(MODULE_SUFFIX, '');
  const whole = read(name);
  if (whole !== undefined) return whole;
  const { name: base, suffix } = CLONE_SUFFIX.exec(name)?.groups ?? {};
  const found = base === undefined ? undefined : read(base);
  // A clone is not what it is a clone of: nobody means it by the name alone.
  return found && { display: `${found.display} [clone ${suffix}]`, paths: [] };
}

function read(name: string): ReadableName | undefined {
  const forms = name.startsWith('_R') ? [readRust] : [readLegacyRust, readCpp];
  for (const form of forms) {
    try {
      const { display, paths } = form(name);
      // What is decoded may be any character.
      return { display: escapeName(display), paths: paths.map((path) => path.map(escapeName)) };
    } catch (error) {
      if (!(error instanceof NotMangled)) throw error;
    }
  }
  return undefined;
}

/** A symbol for people: what it reads as, or itself. */
export function readable(symbol: string): string {
  return demangle(symbol)?.display ?? symbol;
}

/** Whether somebody who writes `a::b` means this name: it ends with these parts. */
export function isMeantBy(name: ReadableName, wanted: string): boolean {
  if (name.display === wanted) return true;
  const parts = wanted.split('::');
  return name.paths.some(
    (path) => parts.length <= path.length && parts.every((part, index) => path.at(index - parts.length) === part),
  );
}

/** `symbol+0x1c` with the symbol as it reads. */
export function readablePlace(place: string): string {
  const split = place.lastIndexOf('+0x');
  return split < 0 ? readable(place) : `${readable(place.slice(0, split))}${place.slice(split)}`;
}

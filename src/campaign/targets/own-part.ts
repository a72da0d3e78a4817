/** What of an image of several files one of them brought: targets are named by their file, and found by its own contract set. */
import type { Image } from '../../image/image.js';
import type { LinkInput } from '../../image/link-input.js';
import type { OpenedFile } from '../../image/open-images.js';
import { holdsWrapped } from '../../stage/wrapped-instructions.js';

/** The image as if it had only the code and the symbols of one file; the image itself where nothing else is in it. */
export function ownPart({ image, parts }: OpenedFile): Image {
  if (parts === undefined) return image;
  const isOwn = ({ file }: { file?: number }): boolean => file !== undefined && parts.has(file);
  return { ...image, segments: image.segments.filter(isOwn), symbols: image.symbols.filter(isOwn) };
}

/** Of a large archive, the members that a run is about: with TDCALL or SEAMCALL in them, or a function that is asked for. */
export function isWanted({ sections, symbols }: LinkInput, names: ReadonlySet<string>): boolean {
  return (
    sections.some((section) => section?.execute === true && holdsWrapped(section.bytes)) ||
    symbols.some(({ name, at }) => at !== 'undefined' && names.has(name))
  );
}

/** What compilers append to the name of a copy of a whole function (gcc -fipa-cp, -fipa-sra; clang ThinLTO). */
const CLONE = /^\.(constprop|isra|llvm)(\.\d+)?(\.(constprop|isra)\.\d+)*$/;

/** The one function that a compiler made of the one with this name, which is itself not there. */
export function cloneOf({ symbols }: Image, symbol: string): string | undefined {
  const functions = symbols.filter(({ kind }) => kind !== 'object');
  if (functions.some(({ name }) => name === symbol)) return undefined;
  const clones = functions.filter(({ name }) => name.startsWith(symbol) && CLONE.test(name.slice(symbol.length)));
  return clones.length === 1 ? clones[0].name : undefined;
}

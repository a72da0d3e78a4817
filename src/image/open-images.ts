/**
 * From the paths that somebody named to images. Objects that refer to each other are one image, as if `ld -r` had been run
 * on them; executables, and objects that nothing connects, are images of their own. A path may name one member of an
 * archive: `libtdx.a(tdcall.o)` or `libtdx.a:tdcall.o`.
 */
import { existsSync } from 'node:fs';
import { shorten } from '../text/escape.js';
import { isArchive } from './archive.js';
import { fail } from './elf-file.js';
import { NAME_LENGTH, readImageFile } from './image-file.js';
import type { Image } from './image.js';
import { readLibrary, readMember } from './library.js';
import type { LinkInput } from './link-input.js';
import { DuplicateSymbol } from './link-symbols.js';
import { linkFiles } from './link-files.js';
import { parseImage } from './load.js';
import { isObject, type ObjectFile, readObjectFile } from './object-file.js';

export interface OpenOptions {
  /** Of an archive that is too large to be taken whole: the members that must be there. All if not given. */
  isWanted?(input: LinkInput): boolean;
  /** Whether something stands in for a symbol from outside: then a weak one is not 0. None if not given. */
  isModelled?: (name: string) => boolean;
}

/** What one path came to. */
export interface OpenedFile {
  /** As it was named. */
  path: string;
  image: Image;
  /** Where the image has other files too: the numbers, in `Image.files`, of those that this path named. */
  parts?: ReadonlySet<number>;
}

export interface Opened {
  /** In the order of the paths. */
  files: OpenedFile[];
  /** What was left out, and why; one line each. */
  notes: string[];
}

/** A path before anything is linked. */
interface Unlinked {
  path: string;
  /** Undefined for what is linked already: `image` is it. */
  objects: ObjectFile[] | undefined;
  isArchive: boolean;
  image?: Image;
}

/**
 * @throws ImageError for a path that is missing, a directory or too large, for a file that is no usable image, and for a
 *   member that is not there
 */
export function openImages(paths: readonly string[], options: OpenOptions = {}): Opened {
  const notes: string[] = [];
  const all = paths.map((path) => readPath(path, options, notes));
  const files = new Map<Unlinked, OpenedFile>();
  for (const file of all) if (file.image !== undefined) files.set(file, { path: file.path, image: file.image });
  for (const group of connected(all.filter(({ objects }) => objects !== undefined))) {
    for (const opened of linkGroup(group, options, notes))
      files.set(group.find(({ path }) => path === opened.path) as Unlinked, opened);
  }
  return { files: all.map((file) => files.get(file) as OpenedFile), notes };
}

/**
 * Opens paths as one image, whether they refer to each other or not.
 * @throws ImageError as openImages, for executables beside others, and for a name that two objects define
 */
export function loadImage(paths: string | readonly string[], options: OpenOptions = {}): Image {
  const list = typeof paths === 'string' ? [paths] : paths;
  const all = list.map((path) => readPath(path, options, []));
  const [first] = all;
  if (all.length === 1 && first.image !== undefined) return first.image;
  const linked = all.find(({ image }) => image !== undefined);
  if (linked !== undefined)
    fail({ name: shorten(linked.path, NAME_LENGTH) }, 'is linked already, so that no other file can be linked to it');
  return link(all, options);
}

function readPath(path: string, options: OpenOptions, notes: string[]): Unlinked {
  const name = shorten(path, NAME_LENGTH);
  const named = existsSync(path) ? undefined : memberOf(path);
  if (named !== undefined) {
    const bytes = readImageFile(named.archive);
    if (!isArchive(bytes)) fail({ name: shorten(named.archive, NAME_LENGTH) }, 'is no archive, and has no members');
    const archiveName = shorten(named.archive, NAME_LENGTH);
    const member = readMember(bytes, named.archive, archiveName, named.member, readImageFile);
    return { path, objects: [member], isArchive: false };
  }
  const bytes = readImageFile(path);
  if (isArchive(bytes)) {
    const library = readLibrary(bytes, path, name, { ...options, read: readImageFile });
    notes.push(...library.notes);
    return { path, objects: library.objects, isArchive: true };
  }
  if (isObject(bytes)) return { path, objects: [readObjectFile(bytes, name)], isArchive: false };
  return { path, objects: undefined, isArchive: false, image: parseImage(bytes, path) };
}

/** `archive(member)`, or `archive:member` where the archive is there. */
function memberOf(path: string): { archive: string; member: string } | undefined {
  const inside = /^(.+)\(([^()]+)\)$/s.exec(path);
  if (inside !== null) return { archive: inside[1], member: inside[2] };
  for (let colon = path.lastIndexOf(':'); colon > 0; colon = path.lastIndexOf(':', colon - 1)) {
    const archive = path.slice(0, colon);
    if (colon < path.length - 1 && existsSync(archive)) return { archive, member: path.slice(colon + 1) };
  }
  return undefined;
}

/** Groups of files that refer to each other, directly or through others, in the order of the first of each. */
function connected(files: readonly Unlinked[]): Unlinked[][] {
  const definers = new Map<string, Unlinked>();
  const group = new Map(files.map((file) => [file, [file]]));
  const join = (a: Unlinked, b: Unlinked): void => {
    const [first, second] = [group.get(a) as Unlinked[], group.get(b) as Unlinked[]];
    if (first === second) return;
    for (const file of second) {
      first.push(file);
      group.set(file, first);
    }
  };
  const each = (visit: (file: Unlinked, name: string, defines: boolean, needs: boolean) => void): void => {
    for (const file of files)
      for (const { input } of file.objects ?? [])
        for (const { name, binding, at } of input.symbols)
          if (binding !== 'local' && name !== '')
            visit(file, name, at !== 'undefined' && at !== 'unknown', at === 'undefined' || at === 'common');
  };
  each((file, name, defines) => {
    if (defines && !definers.has(name)) definers.set(name, file);
  });
  each((file, name, _defines, needs) => {
    const definer = needs ? definers.get(name) : undefined;
    if (definer !== undefined) join(definer, file);
  });
  return [...new Set(group.values())].map((members) => files.filter((file) => members.includes(file)));
}

/** One image, or where two files define one name an image of each. */
function linkGroup(group: readonly Unlinked[], options: OpenOptions, notes: string[]): OpenedFile[] {
  if (group.length === 1) return [{ path: group[0].path, image: link(group, options) }];
  try {
    const image = link(group, options);
    let next = 0;
    return group.map(({ path, objects = [] }) => {
      const parts = new Set(objects.map(() => next++));
      return { path, image, parts };
    });
  } catch (error) {
    if (!(error instanceof DuplicateSymbol)) throw error;
    notes.push(`${error.message}; here each is an image of its own`);
    return group.map((file) => ({ path: file.path, image: link([file], options) }));
  }
}

function link(group: readonly Unlinked[], { isModelled }: OpenOptions): Image {
  const objects = group.flatMap((file) => file.objects ?? []);
  const givesWay = group.flatMap(({ isArchive: gives, objects: own = [] }) => own.map(() => gives));
  const names = group.map(({ path }) => shorten(path, NAME_LENGTH));
  const shown = names.length > 3 ? [...names.slice(0, 2), `${names.length - 2} more`] : names;
  return linkFiles(objects, shown.join(' + '), {
    givesWay: (input) => givesWay[input],
    ...(isModelled !== undefined && { isModelled }),
  });
}
